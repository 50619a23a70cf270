-- A run may also take a change of what several services keep and tell from its old form to the new one.
alter table run drop constraint run_route_from_check, drop constraint run_route_to_check;
alter table run add constraint run_route_from_check check (route_from in ('http', 'event', 'old', 'new'));
alter table run add constraint run_route_to_check check (route_to in ('http', 'event', 'old', 'new'));
