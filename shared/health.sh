#!/bin/sh
# Is the service in this container well? What HEALTHCHECK and Kubernetes' probes ask. It starts no program but this shell:
# six Pythons every few seconds would take from the visit what the picture needs.
#
# Prints the heartbeat that shared/health.py has left, which `mirror stage ls` finds in `docker inspect`; 1, with the reason, if
# the service is not well.

FRESH_S=5  # ten beats; an older one: the service hangs, or its Redis is away

beat="" at=""
if [ -f "${MIRROR_HEALTH_FILE:-}" ]; then
    { IFS= read -r beat; read -r at; } < "$MIRROR_HEALTH_FILE"
fi
[ -z "$beat" ] || printf '%s\n' "$beat"

unwell() { echo "$1" >&2; exit 1; }

[ -n "$beat" ] || unwell "it has not started to beat"
case "$at" in ""|*[!0-9]*) unwell "its heartbeat cannot be read" ;; esac
read -r now _ < /proc/uptime
age=$((${now%.*} - at))
[ "$age" -le "$FRESH_S" ] || unwell "no heartbeat has reached Redis for $age s"
case "$beat" in
    *'"state":"ready"'*|*'"state":"degraded"'*|*'"state":"standby"'*) ;;
    *'"state":"'*) rest="${beat#*\"state\":\"}"; unwell "it is ${rest%%\"*}" ;;
    *) unwell "its heartbeat cannot be read" ;;
esac
