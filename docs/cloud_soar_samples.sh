#!/bin/sh
# The curl samples of the vendor's page, with a host, a token and straight quotes; the second one's first
# line, which is missing there, is completed. SOAR_TOKEN=... sh cloud_soar_samples.sh
set -eu
soar=${SOAR_URL:-http://127.0.0.1:8000}

# POST request (with data payload)
made=$(curl --silent --fail -X POST "$soar/incmansuite_ng/api/v3/incidents" \
    --header "Authorization: Bearer $SOAR_TOKEN" \
    --header "Accept:application/json" \
    --header "Content-Type: application/json" \
    -d '{"description":"USB stick found","additional_info":"In the car park"}')
echo "$made"
id=$(echo "$made" | sed 's/^{"id":\([0-9]*\).*/\1/')

# PUT request (without data payload): nothing changes
curl --silent --fail -X PUT "$soar/incmansuite_ng/api/v3/incidents/$id" \
    --header "Authorization: Bearer $SOAR_TOKEN" \
    --header "Accept:application/json"
echo

# PUT request (with data payload), in the headers of the page's last paragraph
curl --silent --fail -X PUT "$soar/incmansuite_ng/api/v3/incidents/$id" \
    --header "Authorization: Bearer $SOAR_TOKEN" \
    --header "Accept: application/x-www-form-urlencoded" \
    --header "Content-Type: multipart/form-data format" \
    -d 'additional_info=In+the+car+park,+near+the+gate'
echo

# GET request (without data payload)
curl --silent --fail -X GET "$soar/incmansuite_ng/api/v3/incidents/$id" \
    --header "Authorization: Bearer $SOAR_TOKEN" \
    --header "Accept:application/json"
echo
