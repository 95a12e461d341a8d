#!/bin/sh
# Installs Debian's Chromium, with which the page is tested.
set -eu
if ! command -v apt-get >/dev/null; then
    echo "make test-browser needs Chromium: install it, or set CHROMIUM to where it is" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    run=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    run="sudo"
else
    echo "make test-browser needs Chromium: sudo apt-get install chromium, or set CHROMIUM" >&2
    exit 1
fi
$run apt-get update -q
$run env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core
