#!/usr/bin/env bash
# Makes the secrets that docker-compose.yml mounts, once; existing ones are kept. Usage: bash deploy/make-secrets.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/secrets"

# make NAME COMMAND...: the file is readable for the container's user; the folder is not for anybody else on the host.
make() {
  local name=$1
  shift
  [ -s "$name" ] && return 0
  "$@" >"$name.new"
  chmod 444 "$name.new"
  mv "$name.new" "$name"
  printf 'made deploy/secrets/%s\n' "$name"
}

chmod 700 .
make encryption_key openssl rand -base64 32
make admin_key openssl rand -hex 24
for cdn in a b c; do
  make "cdn_${cdn}_token" openssl rand -hex 24
done

# The lab's CDNs, with the ports that deploy/broker-*.yaml name.
lab_cdn() {
  printf '{"name":"cdn-%s","kind":"%s","accountId":"lab","apiToken":"%s","ports":{"api":%s,"fci":%s,"relay":%s,"admin":%s}}' \
    "$1" "$2" "$(cat "cdn_$1_token")" "$3" $(($3 + 1)) $(($3 + 2)) $(($3 + 3))
}

lab_file() {
  printf '{"cdns":[%s,%s,%s]}\n' "$(lab_cdn a extended 8091)" "$(lab_cdn b cloudflare 8095)" "$(lab_cdn c draft 8099)"
}

make lab.json lab_file
