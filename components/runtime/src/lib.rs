//! What every component links: start-up, stubs, logging.
