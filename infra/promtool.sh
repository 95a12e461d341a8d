#!/bin/sh
# Puts Debian's promtool into build/, without installing its server, which would start.
set -eu
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "promtool comes with Prometheus: install it where PATH finds it" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    apt-get update -q
fi
mkdir -p build/prometheus
cd build/prometheus
apt-get download -q prometheus
dpkg-deb -x prometheus_*.deb .
ln -sf prometheus/usr/bin/promtool ../promtool
