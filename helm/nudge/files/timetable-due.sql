-- Is work of @APP_ID@ due within @HORIZON@ seconds? 1 or 0, by one look at the index of the keys.
--
-- Bucket keys begin with the UTC minute (events.md); "/" sorts right before "0", so minute || '0' is the first key after
-- all buckets of that minute. The cursor's key begins with a letter and lies outside the range. The LIKE repeats the
-- condition of the partial index nudge_timetable (database-rules.sql), which is what lets the planner use it.
SELECT count(*) FROM (
  SELECT 1 FROM state
  WHERE key LIKE '%||timetable/%'
    AND key COLLATE "C" >= '@APP_ID@||timetable/0'
    AND key COLLATE "C" < '@APP_ID@||timetable/'
      || to_char((now() + interval '@HORIZON@ seconds') AT TIME ZONE 'UTC', 'YYYYMMDDHH24MI') || '0'
  LIMIT 1
) AS due
