//! A porter, who waits for whatever comes first, and not for ever.

use concurrency::sync::EventSet;
use concurrency::sync::mpsc::{Queue, Receiver};
use concurrency::time::{Duration, Instant};
use runtime::Result;

/// There is a letter.
const LETTER: u64 = 1;
/// Somebody rings.
pub const BELL: u64 = 2;

/// What the porter waits for, each event a bit.
pub static HEARD: EventSet = EventSet::new();
/// Letters for the porter. Both ends come from `split`: many can send, and all are told when the other side is gone.
pub static MAIL: Queue<u64, 4> = Queue::in_set(&HEARD, LETTER);

/// What the porter has heard.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// A letter came.
    Letter(u64),
    /// Somebody has rung.
    Bell,
    /// Nothing, in all that time.
    Nothing,
}

/// Waits for a letter or the bell, at most for so long.
///
/// # Errors
///
/// The scheduler's.
pub fn wait(mail: &Receiver<'_, u64, 4>, patience: Duration) -> Result<News> {
    let until = Instant::now() + patience;
    loop {
        if let Ok(letter) = mail.try_recv() {
            return Ok(News::Letter(letter));
        }
        match HEARD.wait_until(LETTER | BELL, until)? {
            0 => return Ok(News::Nothing),
            heard if heard & BELL != 0 => return Ok(News::Bell), // a letter stays in the queue
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concurrency::thread;

    #[test]
    fn whatever_comes_is_heard_and_silence_ends() {
        let (sender, mail) = MAIL.split().unwrap();
        assert_eq!(wait(&mail, Duration::from_millis(1)), Ok(News::Nothing));
        let visitor = thread::spawn(move || {
            HEARD.trigger(BELL);
            sender.send(7)
        });
        let heard = [(); 2].map(|()| wait(&mail, Duration::from_secs(60)).unwrap());
        assert!(heard.contains(&News::Bell) && heard.contains(&News::Letter(7)), "{heard:?}");
        visitor.unwrap().join().unwrap().unwrap();
    }
}
