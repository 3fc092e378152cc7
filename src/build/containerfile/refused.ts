interface Refusal {
  readonly reason: string;
  readonly remedy: string;
}

const SERVICE: Refusal = {
  reason: 'a host starts its services by systemd',
  remedy: 'COPY a unit to /etc/systemd/system and RUN systemctl enable it',
};

/** Instructions that say something about a container and nothing about a machine that boots. */
export const REFUSED: ReadonlyMap<string, Refusal> = new Map([
  ['CMD', SERVICE],
  ['ENTRYPOINT', SERVICE],
  [
    'EXPOSE',
    { reason: 'a host has all its ports', remedy: 'Remove the line; what is closed is said by a firewall' },
  ],
  [
    'HEALTHCHECK',
    { reason: 'a host tells its health by its agent', remedy: 'Remove the line, or COPY a timer of systemd' },
  ],
  [
    'ONBUILD',
    {
      reason: 'images below have stages of their own',
      remedy: 'Write the instruction in a stage of the images below',
    },
  ],
  [
    'STOPSIGNAL',
    {
      reason: 'a host stops its services by systemd',
      remedy: 'Write "KillSignal=" into the unit of the service',
    },
  ],
  [
    'VOLUME',
    {
      reason: 'what a host keeps over a reboot is said by its image',
      remedy: 'Name the path in "persist" of the image in config.yml',
    },
  ],
]);

/** Instructions that change nothing on a machine that boots, and hurt nothing. */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['LABEL', 'MAINTAINER']);
