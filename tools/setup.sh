#!/bin/sh
# What does this machine lack? System parts come by apt where we may, Python's into .venv.
#   tools/setup.sh lab    what running needs
#   tools/setup.sh test   what the tests need as well
set -eu
purpose=$1
lacking=""

lacks() { lacking="$lacking $*"; }
has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]; }

has python3 || lacks python3
python3 -c 'import ensurepip, venv' 2>/dev/null || lacks python3-venv
has gcc || lacks gcc libc6-dev
python3 -c 'import os, sysconfig as s; assert os.path.exists(s.get_path("include") + "/Python.h")' \
    2>/dev/null || lacks python3-dev
has ip || lacks iproute2
if [ "$purpose" = test ]; then
    has ping || lacks iputils-ping
    has iperf3 || lacks iperf3
    has ethtool || lacks ethtool
    has tcpdump || lacks tcpdump
    has tshark || lacks tshark
    has dnsmasq || lacks dnsmasq-base
    has udhcpc || lacks udhcpc
    has linux.uml || has linux || lacks user-mode-linux
    has modprobe || lacks kmod
    has ovs-vswitchd || lacks openvswitch-switch
fi

if [ -n "$lacking" ]; then
    if ! has apt-get; then
        echo "setup: please install the likes of:$lacking" >&2
    else
        as_root=""
        [ "$(id -u)" = 0 ] || as_root=sudo
        echo "setup: installing$lacking"
        # Without a compiler pybondd still runs, on its readable packet path; so go on if this fails.
        { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
                --no-install-recommends $lacking >/dev/null; } ||
            echo "setup: could not install$lacking" >&2
        # The tests start an Open vSwitch of their own; nobody asked for one that runs for good.
        case $lacking in *openvswitch*)
            $as_root systemctl disable --now openvswitch-switch >/dev/null 2>&1 || : ;;
        esac
    fi
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "setup: Python 3.11 or newer is needed, this is $(python3 --version)" >&2
    exit 1
}
[ -x .venv/bin/python ] || python3 -m venv .venv

log=.venv/setup.log
pip() {
    .venv/bin/python -m pip install -q --disable-pip-version-check "$@" >>"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        echo "setup: pip could not install $*; all it said is in $log" >&2
        exit 1
    }
}

echo "setup: filling .venv and building the packet path, which takes about a minute"
: >"$log"
pip -U pip
if [ "$purpose" = test ]; then
    export PYBONDD_EXTENSION=must
    pip -e '.[test]'
else
    pip -e .
fi
