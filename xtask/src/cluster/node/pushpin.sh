#!/bin/sh
# Starts Debian's Pushpin (1.36), which needs a Zurl beside it and other names for its parts, with the settings that the chart
# writes for 1.41.
set -eu

settings=${1#--config=}
run=/run/pushpin

cat > /tmp/zurl.conf <<END
[General]
in_spec=ipc://$run/zurl-in
in_stream_spec=ipc://$run/zurl-in-stream
out_spec=ipc://$run/zurl-out
in_req_spec=ipc://$run/zurl-req
ipc_file_mode=600
defpolicy=allow
allow=
deny=
max_open_requests=10000
buffer_size=200000
timeout=600
in_hwm=1000
out_hwm=1000
END
sed \
  -e 's|^services=.*|services=condure,pushpin-proxy,pushpin-handler\ncondure_bin=condure|' \
  -e "s|^\[proxy\]|&\nzurl_out_specs=ipc://$run/zurl-in\nzurl_out_stream_specs=ipc://$run/zurl-in-stream\nzurl_in_specs=ipc://$run/zurl-out\nupdates_check=off|" \
  -e "s|^\[handler\]|&\npush_in_spec=ipc://$run/push-in\npush_in_sub_specs=ipc://$run/push-in-sub\ncommand_spec=ipc://$run/command\nstats_spec=ipc://$run/stats|" \
  "$settings" > /tmp/pushpin.conf

zurl --config=/tmp/zurl.conf &
exec /usr/bin/pushpin --merge-output --config=/tmp/pushpin.conf
