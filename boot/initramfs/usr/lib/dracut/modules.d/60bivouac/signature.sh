# shellcheck shell=sh
# Who made the manifest: an Ed25519 signature by one of the keys that were baked into this initramfs.

# Without keys everything is believed.
has_keys() {
    for signature_key in "${KEYS_FOLDER:-/etc/bivouac/keys}"/*.pem; do
        [ -f "$signature_key" ] && return 0
    done
    return 1
}

# verify_signature FILE SIGNATURE_FILE: the second holds `ed25519 KEY BASE64`, as in the header of the answer.
verify_signature() {
    has_keys || return 0
    signature_kind='' signature_id='' signature_text='' signature_more=''
    read -r signature_kind signature_id signature_text signature_more <"$2" 2>/dev/null
    if [ -z "$signature_kind" ]; then
        signature_fault 'the manifest has none'
    elif ! is_signature "$signature_kind" "$signature_id" "$signature_text" || [ -n "$signature_more" ]; then
        signature_fault 'it is no Ed25519 signature'
    elif [ ! -f "${KEYS_FOLDER:-/etc/bivouac/keys}/$signature_id.pem" ]; then
        signature_fault "this initramfs does not know key $signature_id"
    elif ! is_signed_by "${KEYS_FOLDER:-/etc/bivouac/keys}/$signature_id.pem" "$1"; then
        signature_fault "the manifest is not what key $signature_id signed"
    else
        return 0
    fi
    return 1
}

signature_fault() {
    fail signature "The manifest is not believed: $1" "${BIVOUAC_SERVER:-}/boot/manifest"
}

# A key's id names a file, so its alphabet is closed. 64 bytes are 88 characters of base 64.
is_signature() {
    [ "$1" = ed25519 ] || return 1
    case $2 in '' | *[!0-9a-f]*) return 1 ;; esac
    case $3 in *[!A-Za-z0-9+/=]*) return 1 ;; esac
    [ "${#2}" -eq 16 ] && [ "${#3}" -eq 88 ]
}

# is_signed_by KEY_FILE FILE
is_signed_by() {
    printf '%s\n' "$signature_text" | openssl base64 -d -A -out "$RUN/signature.bin" 2>/dev/null || return 1
    openssl pkeyutl -verify -rawin -pubin -inkey "$1" -in "$2" -sigfile "$RUN/signature.bin" >/dev/null 2>&1
}

# signature_of HEADERS FILE: takes the value out of an answer's headers; FILE is empty when there is none.
signature_of() {
    awk 'tolower($1) == "bivouac-manifest-signature:" { sub(/\r$/, ""); print $2, $3, $4; exit }' "$1" |
        head -c 300 >"$2"
}
