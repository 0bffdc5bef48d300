//! The image of the mailboxes.
#![no_std]
#![no_main]

use mailbox::Mailboxes;
use sched_interface::SchedClient;

runtime::import!(SCHED: SchedClient);

static MAILBOXES: Mailboxes<SchedClient> = Mailboxes::new(&SCHED);

runtime::export!(mailbox::MailboxServer => |caller| MAILBOXES.serve(caller), workers: SCHED);

runtime::component! {}
