"""What our migrations make in SQLite; made by `make generate` from them."""

SQLITE = """\
CREATE INDEX hf_cases_by_state ON hf_cases (state, changed_ms, id);
CREATE INDEX hf_cases_by_target ON hf_cases (target, proposed_ms, id);
CREATE INDEX hf_cases_by_time ON hf_cases (proposed_ms, id);
CREATE INDEX hf_letters_by_time ON hf_letters (at_ms, id);
CREATE TABLE hf_answers (
    cluster_uid TEXT NOT NULL,
    letter TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (letter)
);
CREATE TABLE hf_beats (
    cluster_uid TEXT NOT NULL,
    executor TEXT NOT NULL,
    role TEXT NOT NULL,
    version TEXT NOT NULL,
    started_ms BIGINT NOT NULL,
    beat_ms BIGINT NOT NULL, figures TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (executor)
);
CREATE TABLE hf_buckets (
    cluster_uid TEXT NOT NULL,
    person TEXT NOT NULL,
    of_class TEXT NOT NULL,
    thousandths BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (cluster_uid, person, of_class)
);
CREATE TABLE hf_cases (
    cluster_uid TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    digest TEXT NOT NULL,
    namespace TEXT NOT NULL,
    target TEXT NOT NULL,
    of_class TEXT NOT NULL,
    content TEXT NOT NULL,
    card TEXT NOT NULL,
    course TEXT NOT NULL,
    proposed_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    open_until_ms BIGINT NOT NULL, progress TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (cluster_uid, id)
);
CREATE TABLE hf_drafts (
    place INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    cluster_uid TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    subjects TEXT NOT NULL,
    details TEXT NOT NULL, process TEXT DEFAULT 'keeper' NOT NULL,
    UNIQUE (id)
);
CREATE TABLE hf_entries (
    cluster_uid TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (cluster_uid, seq),
    UNIQUE (id)
);
CREATE TABLE hf_facts (
    cluster_uid TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (cluster_uid, name)
);
CREATE TABLE hf_letters (
    cluster_uid TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    sender TEXT NOT NULL,
    body TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE hf_once (
    cluster_uid TEXT NOT NULL,
    what TEXT NOT NULL,
    "key" TEXT NOT NULL,
    spent_by TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (cluster_uid, what, "key")
);
CREATE TABLE hf_revision (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT hf_revision_pkc PRIMARY KEY (version_num)
);
CREATE TABLE hf_segments (
    cluster_uid TEXT NOT NULL,
    size BIGINT NOT NULL,
    time TEXT NOT NULL,
    note TEXT NOT NULL,
    let_go INTEGER NOT NULL,
    PRIMARY KEY (cluster_uid, size)
);
CREATE TABLE hf_switches (
    cluster_uid TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (cluster_uid, name)
);
CREATE TABLE hf_tips (
    cluster_uid TEXT NOT NULL,
    chain TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    size BIGINT NOT NULL,
    root TEXT NOT NULL,
    head TEXT NOT NULL,
    frontier TEXT NOT NULL,
    "key" TEXT NOT NULL,
    time TEXT NOT NULL,
    PRIMARY KEY (cluster_uid)
);
CREATE TABLE hf_words (
    place INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    cluster_uid TEXT NOT NULL,
    proposal TEXT NOT NULL,
    step INTEGER NOT NULL,
    person TEXT NOT NULL,
    statement TEXT NOT NULL,
    signature TEXT NOT NULL,
    assent TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    UNIQUE (cluster_uid, proposal, step, person)
);
"""
