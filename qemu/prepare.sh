# What a run and the tests need of the machine. Sourced by qemu/run and tests/run; changes nothing but what it installs.
# shellcheck shell=bash

# What a package is for, by the program that is looked for.
declare -A tessera_packages=(
    [qemu-system-x86_64]=qemu-system-x86
    [grub-mkimage]=grub-common
)

# Ends with the exit status of "could not run" and what to type.
tessera_missing() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    printf 'type this, then try again:\n\n    %s\n\n' "$2" >&2
    exit 3
}

# The command in front of apt-get: nothing for root, sudo if it asks for no password, else a failure.
tessera_privilege() {
    if [ "$(id -u)" -eq 0 ]; then
        echo env
    elif sudo -n true 2>/dev/null; then
        echo sudo -n
    else
        return 1
    fi
}

tessera_require_toolchain() {
    command -v cc >/dev/null ||
        tessera_missing 'there is no C compiler; Rust links with it' 'sudo apt-get install --no-install-recommends build-essential'
    command -v cargo >/dev/null ||
        tessera_missing 'there is no cargo' "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
}

tessera_require_emulator() {
    local program wanted=()
    for program in "${!tessera_packages[@]}"; do
        command -v "$program" >/dev/null || wanted+=("${tessera_packages[$program]}")
    done
    [ -z "${tessera_debugs-}" ] || command -v gdb >/dev/null || wanted+=(gdb)
    [ -d /usr/lib/grub/i386-pc ] || wanted+=(grub-pc-bin)
    [ -d /usr/lib/grub/x86_64-efi ] || wanted+=(grub-efi-amd64-bin)
    [ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] || [ -e /usr/share/OVMF/OVMF_CODE.fd ] || wanted+=(ovmf)
    [ ${#wanted[@]} -gt 0 ] || return 0
    local install=(apt-get install --yes --no-install-recommends "${wanted[@]}")
    local line="sudo apt-get update && sudo ${install[*]}"
    local privilege
    command -v apt-get >/dev/null || tessera_missing "${wanted[*]} not installed, and there is no apt-get" "$line"
    privilege=$(tessera_privilege) || tessera_missing "not installed: ${wanted[*]}" "$line"
    printf 'installing %s\n' "${wanted[*]}" >&2
    # The word of privilege may be two.
    # shellcheck disable=SC2086
    { $privilege apt-get update && $privilege DEBIAN_FRONTEND=noninteractive "${install[@]}"; } >&2 ||
        tessera_missing "cannot install ${wanted[*]}" "$line"
}

tessera_prepare() {
    tessera_require_toolchain
    tessera_require_emulator
}
