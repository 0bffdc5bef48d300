//! Reading the table.

/// Something that is promised to users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The line of the file.
    pub line: usize,
    /// The promise.
    pub text: String,
    /// What keeps it.
    pub keepers: Vec<Keeper>,
}

/// What keeps a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// A test, by the name that it runs under.
    Test(String),
    /// A row of the benchmark.
    Row(String),
    /// A picture, as a path in this repository.
    Picture(String),
    /// A command that `tests/run` runs before the tests.
    Step(String),
}

/// The promises in the text of the file: every line of its tables but their heads.
///
/// # Errors
///
/// One for each line that is not as it should be.
pub fn parse(text: &str) -> Result<Vec<Promise>, Vec<String>> {
    let is_row = |line: &&str| line.starts_with('|') && !line.starts_with("|---") && !HEADS.contains(line);
    let rows = (1..).zip(text.lines()).filter(|(_, line)| is_row(line));
    let (promises, wrong): (Vec<_>, Vec<_>) = rows.map(|(line, row)| promise(line, row)).partition(Result::is_ok);
    let complaints: Vec<_> = wrong.into_iter().filter_map(Result::err).collect();
    if complaints.is_empty() { Ok(promises.into_iter().flatten().collect()) } else { Err(complaints) }
}

const HEADS: [&str; 2] = ["| promise | kept by |", "| key | shown by |"];

fn promise(line: usize, row: &str) -> Result<Promise, String> {
    let columns: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [text, keepers] = columns[..] else { return Err(format!("line {line}: two columns are needed")) };
    let named = keepers.split(',').map(str::trim).filter(|keeper| !keeper.is_empty());
    let keepers: Result<_, _> = named.map(keeper).collect();
    let keepers = keepers.map_err(|wrong| {
        format!("line {line}: `{wrong}` is not a test's name in backquotes, nor a row, picture or step with one")
    })?;
    Ok(Promise { line, text: text.to_owned(), keepers })
}

fn keeper(text: &str) -> Result<Keeper, &str> {
    let quoted = text.strip_suffix('`').and_then(|text| text.split_once('`'));
    let (kind, name) = quoted.filter(|(_, name)| !name.contains('`')).ok_or(text)?;
    let name = name.to_owned();
    match kind.trim() {
        "" => Ok(Keeper::Test(name)),
        "row" => Ok(Keeper::Row(name)),
        "picture" => Ok(Keeper::Picture(name)),
        "step" => Ok(Keeper::Step(name)),
        _ => Err(text),
    }
}
