# shellcheck shell=sh
# shellcheck disable=SC2034 # parts share variables
# /etc/bivouac/boot.env: who we are and whom to ask. The boot loader adds it to the initramfs; it holds the boot token.

# The only place it is read from, once; kept where only root looks, for the agent of the booted root.
take_boot_env() {
    [ -s "$RUN/boot.env" ] && return 0
    if [ ! -s "$BOOT_ENV_FILE" ]; then
        fail boot-env "The boot loader gave no $BOOT_ENV_FILE"
        return 1
    fi
    (umask 077 && cat "$BOOT_ENV_FILE" >"$RUN/boot.env") || return 1
    rm -f "$BOOT_ENV_FILE"
}

# Sets BIVOUAC_SERVER, BIVOUAC_TOKEN, BIVOUAC_HOST, BIVOUAC_BOOT and BIVOUAC_RELEASE. Nothing is evaluated.
parse_boot_env() {
    BIVOUAC_SERVER='' BIVOUAC_TOKEN='' BIVOUAC_HOST='' BIVOUAC_BOOT='' BIVOUAC_RELEASE=''
    while IFS= read -r env_line || [ -n "$env_line" ]; do
        env_value=${env_line#*=}
        case $env_value in
        '' | *[!A-Za-z0-9:/._-]*)
            fail boot-env "A value of boot.env is empty or has characters that do not belong there"
            return 1
            ;;
        esac
        case $env_line in
        BIVOUAC_SERVER=*) BIVOUAC_SERVER=$env_value ;;
        BIVOUAC_TOKEN=*) BIVOUAC_TOKEN=$env_value ;;
        BIVOUAC_HOST=*) BIVOUAC_HOST=$env_value ;;
        BIVOUAC_BOOT=*) BIVOUAC_BOOT=$env_value ;;
        BIVOUAC_RELEASE=*) BIVOUAC_RELEASE=$env_value ;;
        *)
            fail boot-env "boot.env has a line that is no known setting"
            return 1
            ;;
        esac
    done <"$1"
    for env_value in "$BIVOUAC_SERVER" "$BIVOUAC_TOKEN" "$BIVOUAC_HOST" "$BIVOUAC_BOOT" "$BIVOUAC_RELEASE"; do
        [ -n "$env_value" ] && continue
        fail boot-env "boot.env lacks a setting"
        return 1
    done
    case $BIVOUAC_SERVER in
    http://?* | https://?*) ;;
    *)
        fail boot-env "BIVOUAC_SERVER is no http URL"
        return 1
        ;;
    esac
    (umask 077 && printf 'Authorization: Bearer %s\n' "$BIVOUAC_TOKEN" >"$RUN/authorization")
}
