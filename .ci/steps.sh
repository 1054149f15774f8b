# Sourced by .ci/run and .ci/slow, in the root of the repository: steps with their times, and
# caches.

# A toolchain that is not installed is never downloaded.
export RUSTUP_AUTO_INSTALL=0

times="" left_out=""

minutes() { printf '%d.%d' $(($1 / 60)) $(($1 % 60 / 6)); }

# Runs a command, then prints how long it took.
step() {
  local began=$SECONDS status=0 line
  printf '\n== %s\n' "$*"
  "$@" || status=$?
  line="$(minutes $((SECONDS - began))) minutes: $*"
  [ "$status" = 0 ] || line="$line: FAILED with exit status $status"
  printf -- '-- %s\n' "$line"
  times+="$line"$'\n'
  return "$status"
}

# Says on standard error what is left out. The summary repeats it.
loud() {
  printf '\n!! %s\n\n' "$*" >&2
  left_out+="!! $*"$'\n'
}

summary() {
  printf '\n== Summary\n%s%s%s minutes in all\n' "$times" "$left_out" "$(minutes "$SECONDS")"
}
trap summary EXIT

# Prints the full name of the installed toolchain that has a short name, such as `1.89`. Prints
# nothing if it is not installed.
toolchain() {
  { rustup toolchain list 2>/dev/null || true; } |
    awk -v name="$1" '$1 == name || index($1, name "-") == 1 || index($1, name ".") == 1 {full = $1} END {print full}'
}

cache="${XDG_CACHE_HOME:-$HOME/.cache}/vcp"
mkdir -p "$cache"
if [ -z "${CARGO_TARGET_DIR:-}" ]; then
  export CARGO_TARGET_DIR="$cache/target"
  mkdir -p "$CARGO_TARGET_DIR"
  # Old builds are never removed one by one.
  if [ "$(du -sk "$CARGO_TARGET_DIR" | cut -f1)" -gt $((20 * 1024 * 1024)) ]; then
    echo "emptying $CARGO_TARGET_DIR, which has more than 20 GB"
    rm -rf "$CARGO_TARGET_DIR"
    mkdir -p "$CARGO_TARGET_DIR"
  fi
  # Cargo distinguishes the crates of two checkouts only by the times of their files. Those of
  # another checkout must be built again. Dependencies are shared.
  if [ "$(cat "$CARGO_TARGET_DIR/checkout" 2>/dev/null)" != "$PWD" ]; then
    find "$CARGO_TARGET_DIR" -maxdepth 4 -type d -path '*/.fingerprint/vcp-*' -prune -exec rm -rf {} +
    printf '%s\n' "$PWD" > "$CARGO_TARGET_DIR/checkout"
  fi
fi
