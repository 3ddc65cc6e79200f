#!/usr/bin/env bash
# Prints a CSV of LOCATIONS locations and USERS users, each user with an assignment row (extension only).
#   scripts/generate.sh 200 10400 > c21k.csv        # the canonical 21,000 rows
# SETTINGS=1 also fills call_waiting and do_not_disturb on every third user and assignment.
set -euo pipefail
locations=${1:?how many locations}
users=${2:?how many users}
awk -v locations="$locations" -v users="$users" -v settings="${SETTINGS:-0}" 'BEGIN {
    print "entity_type,location_key,row_ref,location_name,location_external_id,time_zone,preferred_language," \
          "announcement_language,address_line1,address_city,address_state,address_postal_code,address_country,email," \
          "calling_license,extension,calling_settings_call_waiting_enabled,final_settings_do_not_disturb_enabled"
    for (i = 1; i <= locations; i++)
        printf "location,SITE-%05d,,Sede %05d,SITE-%05d,Europe/Madrid,es_es,es_es,\"Calle Mayor, %d\",Madrid,Madrid,%05d,ES,,,,,\n",
               i, i, i, i, 28000 + i % 1000
    for (i = 0; i < users; i++)
        printf "user,SITE-%05d,,,,,,,,,,,,user%07d@example.com,,,%s,\n", i % locations + 1, i, settings && i % 3 == 0 ? "false" : ""
    for (i = 0; i < users; i++)
        printf "extension_assignment,SITE-%05d,,,,,,,,,,,,user%07d@example.com,,%d,,%s\n",
               i % locations + 1, i, 10000 + int(i / locations), settings && i % 3 == 0 ? "true" : ""
}'
