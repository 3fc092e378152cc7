/** Installs what is missing of the packages named after it; what the image has already is left alone. */
const NEED_PACKAGES = `need() {
    missing=
    for package; do
        dpkg-query --show --showformat='\${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    apt-get update
    apt-get install --yes --no-install-recommends $missing
    apt-get clean
    find /var/lib/apt/lists -mindepth 1 -delete
}
`;

/** cloud-init with what grows the root partition, for OpenStack and other clouds. */
export const ADD_CLOUD_INIT = `${NEED_PACKAGES}need cloud-init cloud-guest-utils
`;

/**
 * The public half of the key pair that Vagrant ships: everybody has the private half, which is the point of it. Vagrant
 * replaces it by a key of its own at the first \`vagrant up\`.
 */
const VAGRANT_PUBLIC_KEY =
  'ssh-rsa AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr+kz4TjGYe7gHzIw+niNltGEFHzD8+v1I2YJ6oXevct1YeS0o9HZyN1Q9qgCgzUFtdOKLv6IedplqoPkcmF0aYet2PkEDo3MlTBckFXPITAMzF8dJSIFo9D8HfdOV0IAdx4O7PtixWKn5y2hMNG0zQPyUecp4pzC6kivAIhyfHilFR61RGL+GPXQ2MWZWFYbAGjyiYJnAmCP3NOTd0jMZEnDkbUvxhMmBYSdETk1rRgm+R4LOzFUGaHqHDLKLX+FIPKcF96hrucXzcWyLbIbEgE98OHlnVYCzRdK8jlqm8tehUc9c9WhQ== vagrant insecure public key';

/** The account that Vagrant logs in to: its key, no password, sudo without one. `*` is no password; `!` locks keys out too. */
export const ADD_VAGRANT_ACCOUNT = `${NEED_PACKAGES}need openssh-server sudo
id vagrant >/dev/null 2>&1 || useradd --create-home --shell /bin/bash vagrant
usermod --password '*' vagrant
home=$(getent passwd vagrant | cut -d: -f6)
install -d -m 0700 -o vagrant -g vagrant "$home/.ssh"
printf '%s\\n' '${VAGRANT_PUBLIC_KEY}' >"$home/.ssh/authorized_keys"
chmod 0600 "$home/.ssh/authorized_keys"
chown vagrant:vagrant "$home/.ssh/authorized_keys"
printf '%s\\n' 'vagrant ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/vagrant
chmod 0440 /etc/sudoers.d/vagrant
rm -f /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid-
`;
