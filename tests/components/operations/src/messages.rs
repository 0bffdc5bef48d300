//! Who one is, and messages.

use crate::{MAILBOX, PAGES, registered};
use mailbox::{Mailbox, MailboxError};
use runtime::Result;

pub fn who_am_i() -> Result<bool> {
    let mailbox = MAILBOX.open()?;
    registered(&mailbox, || Ok(mailbox.post().address()?.wait(&PAGES)? == MAILBOX.direct().address()?))
}

/// One message is taken, a second one is not, and none where nobody is.
pub fn send() -> Result<bool> {
    let mailbox = MAILBOX.open()?;
    registered(&mailbox, || {
        let me = MAILBOX.direct().address()?;
        let [first, second, third] =
            [(me, 1), (me, 2), (u64::MAX, 3)].map(|(to, message)| mailbox.post().try_send(to, message));
        let answers = [first?.wait(&PAGES), second?.wait(&PAGES), third?.wait(&PAGES)];
        Ok(answers == [Ok(()), Err(MailboxError::Full), Err(MailboxError::NoSuchAddress)]
            && MAILBOX.direct().receive()? == (me, 1))
    })
}

/// What is received is sent by a call that is behind that on the page.
pub fn receive() -> Result<bool> {
    let mailbox = MAILBOX.open()?;
    registered(&mailbox, || {
        let me = MAILBOX.direct().address()?;
        let received = mailbox.post().receive()?;
        mailbox.flush()?;
        let Err(received) = received.poll() else { return Ok(false) };
        mailbox.post().try_send(me, 4)?.wait(&PAGES)?;
        Ok(received.wait(&PAGES)? == (me, 4))
    })
}
