# The story once, through the front door: a task is made, rings, is done, and can be read in the history.
# FRONT, HOST, TOKEN_URL, GRANT, CLIENT, SCOPE; USERNAME and PASSWORD, or CLIENT_SECRET.
set -eu

fail() { echo "FAILED: $1" >&2; exit 1; }

if [ "$GRANT" = password ]; then
  grant="username=$USERNAME&password=$PASSWORD"
else
  grant="client_secret=$CLIENT_SECRET"
fi
token=$(printf 'grant_type=%s&client_id=%s&scope=%s&%s' "$GRANT" "$CLIENT" "$SCOPE" "$grant" |
  curl -fsS --max-time 30 --data-binary @- "$TOKEN_URL" |
  sed -n 's/.*"id_token" *: *"\([^"]*\)".*/\1/p; t; s/.*"access_token" *: *"\([^"]*\)".*/\1/p')
[ -n "$token" ] || fail "no token from $TOKEN_URL"

# The token goes by standard input, where no list of processes shows it.
call() {
  method=$1 route=$2
  shift 2
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl -fsS --max-time 60 --retry 5 --retry-all-errors -K - -X "$method" -H "Host: $HOST" -H 'Content-Type: application/json' "$@" "$FRONT$route"
}

# until_found WHAT PATH TEXT: events take their time, and a function may have to wake.
until_found() {
  for _ in $(seq 60); do
    case "$(call GET "$2")" in *"$3"*) echo "ok: $1"; return ;; esac
    sleep 2
  done
  fail "$1"
}

for path in /task-service/cron-outbox /audit-service/events /dapr/config; do
  code=$(curl -sS -o /dev/null -w '%{http_code}' --max-time 60 --retry 5 -X POST -H "Host: $HOST" "$FRONT$path")
  [ "$code" = 404 ] || fail "$path is open to the outside: $code"
done
echo "ok: what Dapr calls is closed"

title="helm-test-$(date +%s)"
at=$(date -u -d "@$(($(date +%s) + 10))" +%Y-%m-%dT%H:%M:%SZ)
task=$(call POST /api/tasks -H "Idempotency-Key: $title" -d "{\"title\":\"$title\",\"reminders\":[{\"at\":\"$at\"}]}" \
  -o /dev/null -w '%header{location}')
id=${task##*/}
[ -n "$id" ] || fail "no task was made"
echo "ok: a task"

until_found "it is in the list" "/api/tasks?limit=200" "$id"
until_found "it rings" /api/notifications "$title"
call POST "$task/complete" -d '{}' >/dev/null
echo "ok: it is done"
until_found "the history knows" "/api/history?task_id=$id" TASK_COMPLETED
call DELETE "$task" >/dev/null
echo "ok: all of the story"
