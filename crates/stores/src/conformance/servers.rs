//! A PostgreSQL and a Redis of a test's own, on sockets in a temporary folder; gone when it is dropped.
//!
//! They are Debian's, as `scripts/test` installs them. PostgreSQL refuses to run as root, so a root runs it as the
//! user that its package made.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Both stores.
#[derive(Debug)]
pub(crate) struct Servers {
    folder: tempfile::TempDir,
    postgres: Option<Child>,
    redis: Option<Child>,
    /// More of their command lines, from the next start on.
    pub(crate) postgres_options: Vec<String>,
    pub(crate) postgres_port: u16,
    pub(crate) redis_options: Vec<String>,
}

impl Servers {
    /// Starts both.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("fg").tempdir().unwrap();
        let mut servers = Self {
            folder,
            postgres: None,
            redis: None,
            postgres_options: Vec::new(),
            postgres_port: 5432,
            redis_options: Vec::new(),
        };
        run(Command::new("chmod").arg("755").arg(servers.folder.path()));
        let cluster = servers.cluster();
        std::fs::create_dir(&cluster).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&cluster));
        }
        run(as_postgres("initdb")
            .args(["-A", "trust", "-U", "faregate", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&cluster));
        servers.start_postgres();
        servers.create_database("faregate");
        servers.start_redis();
        servers
    }

    /// Its own folder, for whatever belongs to it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a database.
    pub(crate) fn postgres_url(&self, database: &str) -> String {
        let host = self.cluster().display().to_string().replace('/', "%2F");
        format!("postgresql://faregate@{host}/{database}")
    }

    /// The address of Redis.
    pub(crate) fn redis_url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Makes an empty database.
    pub(crate) fn create_database(&self, name: &str) {
        run(Command::new(program("createdb"))
            .args(["-U", "faregate", "-h"])
            .arg(self.cluster())
            .arg(name));
    }

    /// Runs a statement, and gives what it prints.
    pub(crate) fn sql(&self, database: &str, statement: &str) -> String {
        let output = Command::new(program("psql"))
            .args(["-XtA", "-U", "faregate", "-d", database, "-c", statement, "-h"])
            .arg(self.cluster())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs a command of Redis.
    pub(crate) fn redis_cli(&self, words: &[&str]) -> String {
        let output =
            Command::new("redis-cli").arg("-s").arg(self.socket()).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Starts PostgreSQL, and waits until it answers.
    pub(crate) fn start_postgres(&mut self) {
        let cluster = self.cluster();
        let child = as_postgres("postgres")
            .arg("-D")
            .arg(&cluster)
            .arg("-k")
            .arg(&cluster)
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"])
            .args(["-c", &format!("port={}", self.postgres_port)])
            .args(&self.postgres_options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.postgres = Some(child);
        let answers = || {
            let mut ask = Command::new(program("pg_isready"));
            ask.args(["-q", "-p", &self.postgres_port.to_string(), "-h"])
                .arg(&cluster)
                .status()
                .unwrap()
                .success()
        };
        until("PostgreSQL answers", answers);
    }

    /// Stops PostgreSQL as a crash would: every connection is cut.
    pub(crate) fn stop_postgres(&mut self) {
        if let Some(mut child) = self.postgres.take() {
            // SIGQUIT is its immediate shutdown; a killed one would leave its children behind.
            run(Command::new("kill").arg("-QUIT").arg(child.id().to_string()));
            child.wait().unwrap();
        }
    }

    /// Starts Redis, which remembers nothing of before, and waits until it answers.
    pub(crate) fn start_redis(&mut self) {
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder())
            .arg("--unixsocket")
            .arg(self.socket())
            .args(&self.redis_options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.redis = Some(child);
        until("Redis answers", || self.redis_cli(&["ping"]) == "PONG");
    }

    /// Kills Redis.
    pub(crate) fn stop_redis(&mut self) {
        if let Some(mut child) = self.redis.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn cluster(&self) -> PathBuf {
        self.folder.path().join("pg")
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.stop_redis();
        self.stop_postgres();
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.starts_with(b"0\n")
}

/// A program of PostgreSQL, which Debian keeps out of the path.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|entry| entry.path().join("bin").join(name)).filter(|p| p.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from(name))
}

fn as_postgres(name: &str) -> Command {
    if !is_root() {
        return Command::new(program(name));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]);
    // Where the test stands may be closed to that user.
    command.arg(program(name)).current_dir("/");
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is() {
        assert!(Instant::now() < end, "{what}: not within 30 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}
