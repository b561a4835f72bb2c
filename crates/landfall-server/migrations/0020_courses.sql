-- Courses, who teaches them and who takes them.

CREATE TABLE courses (
    id {ID},
    code TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL
);

CREATE TABLE assignments (
    id {ID},
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    course_id BIGINT NOT NULL REFERENCES courses (id),
    session TEXT NOT NULL,
    semester TEXT NOT NULL,
    UNIQUE (user_id, course_id, session, semester)
);
CREATE INDEX assignments_by_course ON assignments (course_id);

-- The row of an erased person stays, so that counts do; its matric number is then one that nobody has.
CREATE TABLE enrolments (
    id {ID},
    matric TEXT NOT NULL,
    matric_key TEXT NOT NULL,
    name TEXT NOT NULL,
    course_id BIGINT NOT NULL REFERENCES courses (id),
    session TEXT NOT NULL,
    semester TEXT NOT NULL,
    erased BIGINT NOT NULL,
    UNIQUE (course_id, session, semester, matric_key)
);
CREATE INDEX enrolments_by_matric ON enrolments (matric_key);
