-- Only lab_append moves guards, and it sets the path for what it calls: setting it again at each guard
-- took a third of the guard's time.

alter function move_quota(text, bigint, bigint, boolean) reset search_path;
alter function move_unique(text, bigint, text) reset search_path;
alter function move_fence(text, bigint) reset search_path;
