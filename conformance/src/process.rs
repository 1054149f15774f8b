//! A program under test, which is started, asked line by line, and started anew after a failure.

use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    fmt,
    io::{self, BufRead, BufReader, Read, Write},
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 << 20;

/// The number of bytes of standard error that are kept to explain a crash.
const LAST_WORDS: usize = 2000;

/// The time that a program has to end after it closed its output.
const GRACE: Duration = Duration::from_millis(500);

/// A way in which a program fails to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The program ended.
    Crash,
    /// No answer came in time.
    Hang,
    /// The program wrote more than it was asked for.
    Flood,
    /// The program closed its output and goes on running.
    Closed,
}

/// A failure to answer: its kind, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// The kind.
    pub trouble: Trouble,
    /// The observation, in one line or several.
    pub reason: String,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// A program under test.
#[derive(Debug)]
pub struct Process {
    command: Vec<String>,
    timeout: Duration,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    program: Program,
    requests: Sender<Vec<u8>>,
    answers: Receiver<Line>,
    last_words: Arc<Mutex<VecDeque<u8>>>,
    listener: JoinHandle<()>,
}

#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    TooLong,
    End,
}

impl Process {
    /// Creates a program that is started with the first request. Each answer must come within
    /// `timeout`.
    #[must_use]
    pub fn new(command: Vec<String>, timeout: Duration) -> Self {
        Self { command, timeout, running: None }
    }

    /// Sends a request line and returns the answer line. After a failure, the next request starts
    /// the program anew.
    ///
    /// # Errors
    ///
    /// - The outer error: the program cannot be started.
    /// - The inner error: the program does not answer.
    pub fn ask(&mut self, request: &str) -> io::Result<Result<String, NoAnswer>> {
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        let answer = running.ask(request, self.timeout);
        if answer.is_ok() {
            self.running = Some(running);
        }
        Ok(answer)
    }

    /// Ends the program. The next request starts it anew.
    pub fn stop(&mut self) {
        self.running = None;
    }

    fn start(&self) -> io::Result<Running> {
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| io::Error::other("a command must be given after `--`"))?;
        let piped = Stdio::piped;
        let mut command = Command::new(program);
        command.args(arguments).stdin(piped()).stdout(piped()).stderr(piped());
        // The programs that it starts end with it. At Ctrl-C it gets the end of its input only.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut program = Program(command.spawn()?);
        let child = &mut program.0;
        let thread = thread::Builder::new;
        let gone = || io::Error::other("the program has no standard streams");
        let (mut input, output) = (child.stdin.take().ok_or_else(gone)?, child.stdout.take().ok_or_else(gone)?);
        let errors = child.stderr.take().ok_or_else(gone)?;
        let (requests, lines) = mpsc::channel::<Vec<u8>>();
        // A program that does not read must not hold up the runner.
        thread().spawn(move || {
            for line in lines {
                if input.write_all(&line).and_then(|()| input.flush()).is_err() {
                    break;
                }
            }
        })?;
        let (sender, answers) = mpsc::channel();
        thread().spawn(move || read_lines(output, &sender))?;
        let last_words = Arc::new(Mutex::new(VecDeque::new()));
        let kept = last_words.clone();
        let listener = thread().spawn(move || keep_last_words(errors, &kept))?;
        Ok(Running { program, requests, answers, last_words, listener })
    }
}

impl Running {
    fn ask(&mut self, request: &str, timeout: Duration) -> Result<String, NoAnswer> {
        let fail = |trouble, reason: String| Err(NoAnswer { trouble, reason });
        match self.answers.try_recv() {
            Ok(Line::Text(line)) => {
                let line = shortened(&String::from_utf8_lossy(&line));
                return fail(Trouble::Flood, format!("the program wrote a line before it was asked: {line}"));
            }
            Ok(Line::TooLong) => return fail(Trouble::Flood, "the program writes without being asked".to_owned()),
            Ok(Line::End) => return Err(self.ended("before the request")),
            Err(_) => {}
        }
        // If the program is gone, there will be no answer.
        let _ = self.requests.send(format!("{request}\n").into_bytes());
        match self.answers.recv_timeout(timeout) {
            Ok(Line::Text(line)) => Ok(String::from_utf8_lossy(&line).into_owned()),
            Ok(Line::TooLong) => fail(Trouble::Flood, format!("the answer is longer than {LONGEST} bytes")),
            Ok(Line::End) | Err(RecvTimeoutError::Disconnected) => Err(self.ended("instead of an answer")),
            Err(RecvTimeoutError::Timeout) => {
                fail(Trouble::Hang, format!("no answer within {} s", timeout.as_secs_f64()))
            }
        }
    }

    /// Returns how the program ended.
    fn ended(&mut self, when: &str) -> NoAnswer {
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if let Ok(Some(status)) = self.program.0.try_wait() {
                // Another process may hold the stream open.
                while !self.listener.is_finished() && start.elapsed() < GRACE {
                    thread::sleep(Duration::from_millis(5));
                }
                let words: Vec<u8> =
                    self.last_words.lock().map(|kept| kept.iter().copied().collect()).unwrap_or_default();
                let words = String::from_utf8_lossy(&words);
                let words = if words.trim().is_empty() { String::new() } else { format!(": {}", words.trim()) };
                return NoAnswer {
                    trouble: Trouble::Crash,
                    reason: format!("the program ended {when}, with {status}{words}"),
                };
            }
            thread::sleep(Duration::from_millis(5));
        }
        NoAnswer { trouble: Trouble::Closed, reason: format!("the program closed its output {when}") }
    }
}

/// A program. When it is dropped, it is ended with the programs that it started.
#[derive(Debug)]
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        #[cfg(unix)]
        let _ = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(&self.0),
            rustix::process::Signal::KILL,
        );
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends the lines of an output, and its end.
fn read_lines(output: ChildStdout, lines: &Sender<Line>) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = (&mut output).take(LONGEST as u64).read_until(b'\n', &mut line);
        let sent = match read {
            Ok(1..) if line.last() == Some(&b'\n') => {
                line.pop();
                lines.send(Line::Text(line))
            }
            Ok(length) if length >= LONGEST => {
                let _ = lines.send(Line::TooLong);
                return;
            }
            // A last line without a line break is no answer.
            Ok(_) | Err(_) => {
                let _ = lines.send(Line::End);
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn keep_last_words(mut errors: ChildStderr, kept: &Mutex<VecDeque<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = errors.read(&mut buffer) {
        let Ok(mut kept) = kept.lock() else { return };
        kept.extend(buffer.iter().take(length));
        let extra = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..extra);
    }
}

/// Returns the beginning of a text, for people.
#[must_use]
pub fn shortened(text: &str) -> String {
    beginning(text, 300)
}

/// Returns at most `most` characters of a text. A text that was cut ends with `…`.
pub(crate) fn beginning(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    text.chars().take(most).chain(['…']).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn ask(script: &str) -> Vec<Result<String, Trouble>> {
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let mut process = Process::new(command, Duration::from_millis(700));
        (0..2).map(|_| process.ask("x").unwrap().map_err(|no_answer| no_answer.trouble)).collect()
    }

    #[test]
    fn failures_are_told_apart_and_the_program_is_started_anew() {
        let answer = || Ok("yes".to_owned());
        assert_eq!(ask("while read -r line; do echo yes; done"), [answer(), answer()]);
        assert_eq!(ask("exit 3"), [Err(Trouble::Crash), Err(Trouble::Crash)]);
        assert_eq!(ask("sleep 9"), [Err(Trouble::Hang), Err(Trouble::Hang)]);
        assert_eq!(ask("exec >&-; sleep 9"), [Err(Trouble::Closed), Err(Trouble::Closed)]);
        assert_eq!(ask("read -r line; echo yes; echo yes; sleep 9").first(), Some(&answer()));
        assert_eq!(ask("read -r line; echo yes"), [answer(), Err(Trouble::Crash)]);
        assert_eq!(ask("read -r line; printf yes"), [Err(Trouble::Crash), Err(Trouble::Crash)]);
    }

    #[test]
    fn what_a_program_started_ends_with_it() {
        let command = ["sh", "-c", "read -r line; sleep 99 & echo $!; wait"].map(str::to_owned).to_vec();
        let mut process = Process::new(command, Duration::from_secs(9));
        let child = process.ask("x").unwrap().unwrap();
        let is_running = || {
            let status = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            // One that nobody has waited for has the state `Z`.
            !status.is_empty() && !status.contains(") Z ")
        };
        let has_proc = std::path::Path::new("/proc/self/stat").exists();
        assert_eq!(is_running(), has_proc);
        drop(process);
        let start = Instant::now();
        while is_running() {
            assert!(start.elapsed() < Duration::from_secs(9), "process {child} goes on running");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_crash_is_explained_by_what_the_program_wrote() {
        let command = ["sh", "-c", "echo no module named vcp >&2; exit 3"].map(str::to_owned).to_vec();
        let no_answer = Process::new(command, Duration::from_secs(2)).ask("x").unwrap().unwrap_err();
        assert!(no_answer.reason.contains("no module named vcp"), "{no_answer}");
        let missing = Process::new(vec!["no-such-program".to_owned()], Duration::from_secs(1)).ask("x");
        assert!(missing.is_err());
    }
}
