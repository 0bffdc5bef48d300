//! Passes on behalf of a client, which are the only ones of their page: they claim without a locked instruction.

use super::*;

/// A pass on another core, as a runner makes it; answers which slots were answered.
fn pass<const N: usize>(server: &Service<N>) -> u64 {
    server.quiet_pass(1, |unread| echo(unread.read())).done
}

#[test]
fn a_call_that_is_posted_while_a_pass_runs_is_run_once() {
    explore(|| {
        let (mut client, server) = both_ends::<2>();
        let first = client.post(&ask(1), 1).unwrap();
        let other = server.clone();
        let runner = thread::spawn(move || pass(&other));
        let second = client.post(&ask(2), 2).unwrap();
        let during = runner.join().unwrap();
        let after = pass(&server);
        assert_eq!((during & after, during | after), (0, 0b11));
        assert_eq!(client.poll(first), Ok(Some(expected(1))));
        assert_eq!(client.poll(second), Ok(Some(expected(2))));
    });
}

#[test]
fn a_slot_that_is_used_again_while_a_pass_runs_is_run_for_each_call() {
    explore(|| {
        let (mut client, server) = both_ends::<1>();
        let first = client.post(&ask(1), 1).unwrap();
        let other = server.clone();
        let runner = thread::spawn(move || (pass(&other), pass(&other)));
        let early = client.poll(first).unwrap();
        let second = early.map(|_| client.post(&ask(2), 2).unwrap());
        let _ = runner.join().unwrap();
        assert_eq!(early.or_else(|| client.poll(first).unwrap()), Some(expected(1)));
        if let Some(second) = second {
            pass(&server);
            assert_eq!(client.poll(second), Ok(Some(expected(2))));
        }
    });
}

#[test]
fn who_follows_a_hint_that_is_older_than_the_call_reads_the_whole_call() {
    explore(|| {
        let page = page::<1>();
        let (mut client, server) = (Client::new(page), Arc::new(Server::new(page, 1, 1)));
        page.header().words()[0].store(1, Ordering::Relaxed);
        let other = server.clone();
        let runner = thread::spawn(move || pass(&other));
        let call = client.post_unannounced(&ask(1), 1).unwrap();
        let early = runner.join().unwrap();
        client.announce();
        assert_eq!(early | pass(&server), 1);
        assert_eq!(client.poll(call), Ok(Some(expected(1))));
    });
}
