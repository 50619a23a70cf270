-- A foreign key locks the row that it points to, and locking takes the privilege to update, which nobody has here. Rows
-- of the ledger never go away, so it is enough to look when a reversal is booked; what it must mirror is checked as well.
alter table ledger drop constraint ledger_reverses_fkey;

create function reversal_mirrors_its_row() returns trigger language plpgsql as $$
begin
  if not exists (
    select from ledger booked
     where booked.position = new.reverses and booked.reverses is null and booked.business_key = new.business_key
       and booked.debit_account = new.credit_account and booked.credit_account = new.debit_account and booked.amount = new.amount
  ) then
    raise exception 'a reversal must mirror row %: the same key and amount, the accounts exchanged', new.reverses using errcode = '23514';
  end if;
  return new;
end $$;
create trigger reversal_mirrors_its_row before insert on ledger
  for each row when (new.reverses is not null) execute function reversal_mirrors_its_row();

alter table ledger add check ((reason = 'reversal') = (reverses is not null));
