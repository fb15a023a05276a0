#!/usr/bin/env bash
# Calls API 2.0 with signature v2 (HmacSHA256): curl and openssl.
# FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
set -euo pipefail
export LC_ALL=C # sort byte by byte

endpoint=${FAREGATE_ENDPOINT:-https://cvm.api.qcloud.com}
host=${endpoint#*://} path=/v2/index.php
parameters=(
    "Action=DescribeInstances"
    "limit=5" # the action's own parameters: lists as name.0, name.1; names with _ are signed with . in its place
    "SecretId=$FAREGATE_SECRET_ID"
    "Timestamp=$(date +%s)"
    "Nonce=$(od -An -N7 -tu8 /dev/urandom | tr -d ' ')"
    "SignatureMethod=HmacSHA256"
)

# Sorted by name alone; values raw. Method, host and path stand in front with nothing between them.
sorted=$(printf '%s\n' "${parameters[@]}" | sort -t= -k1,1 | paste -sd'&')
signature=$(printf %s "POST$host$path?$sorted" |
    openssl dgst -sha256 -hmac "$FAREGATE_SECRET_KEY" -binary | openssl base64 -A)

# Only now is anything percent-encoded, by curl.
data=()
for parameter in "${parameters[@]}" "Signature=$signature"; do data+=(--data-urlencode "$parameter"); done
curl --silent --show-error "${data[@]}" "$endpoint$path"
