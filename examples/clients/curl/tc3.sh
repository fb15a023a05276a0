#!/usr/bin/env bash
# Calls API 3.0 with TC3-HMAC-SHA256: curl and openssl.
# FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
set -euo pipefail

endpoint=${FAREGATE_ENDPOINT:-https://cvm.api.qcloud.com}
host=${endpoint#*://} service=cvm action=DescribeInstances
body='{"limit": 5}' # these bytes are signed and sent
timestamp=$(date +%s)
date=$(date -u -d "@$timestamp" +%F) # in UTC

sha256() { openssl dgst -sha256 -hex | sed 's/.* //'; }
mac() { openssl dgst -sha256 -mac HMAC -macopt "$1" -hex | sed 's/.* //'; } # the key as hexkey:… of raw bytes

signed='content-type;host;x-tc-action'
headers=$(printf '%s\n' "content-type:application/json" "host:$host" "x-tc-action:${action,,}")
# A line feed ends each header, an empty line follows them, and none ends the request: printf, never echo.
canonical=$(printf 'POST\n/\n\n%s\n\n%s\n%s' "$headers" "$signed" "$(printf %s "$body" | sha256)")
scope=$date/$service/tc3_request
digest=$(printf %s "$canonical" | sha256)
key=$(printf %s "$date" | mac "key:TC3$FAREGATE_SECRET_KEY")
key=$(printf %s "$service" | mac "hexkey:$key")
key=$(printf %s tc3_request | mac "hexkey:$key")
signature=$(printf 'TC3-HMAC-SHA256\n%s\n%s\n%s' "$timestamp" "$scope" "$digest" | mac "hexkey:$key")

authorization="TC3-HMAC-SHA256 Credential=$FAREGATE_SECRET_ID/$scope, SignedHeaders=$signed, Signature=$signature"
curl --silent --show-error --data-binary "$body" \
    -H "Authorization: $authorization" \
    -H "Content-Type: application/json" \
    -H "X-TC-Action: $action" -H "X-TC-Version: 2017-03-12" -H "X-TC-Timestamp: $timestamp" \
    "$endpoint/"
