"""The statements of the floor program for the Cloud SOAR door: plain SQL that yields the bodies it answers.

A list is one statement: the text of its rows, and how many there are in all.
"""

CALLER = """
SELECT u.id, u.login, u.is_superuser, u.permission_mask, t.id
FROM core_apitoken t JOIN core_user u ON u.id = t.user_id
WHERE t.jti = %s AND t.revoked_at IS NULL AND u.is_active
"""


def _moment(column: str) -> str:
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def _wrapped(label: str, value: str) -> str:
    return f"json_build_object('name', '{label}', 'value', {value})"


def _wrapped_value(label: str, value: str, key: str) -> str:
    return f"json_build_object('name', '{label}', 'value', {value}, 'id', {key})"


def _tags(text: str) -> str:
    return f"(SELECT coalesce(json_agg(btrim(x)), '[]') FROM unnest(string_to_array({text}, ',')) AS x WHERE btrim(x) <> '')"


WHOAMI = f"""
SELECT json_build_object('id', u.id, 'username', u.login,
    'first_name', coalesce(nullif(regexp_replace(u.name, ' ?[^ ]*$', ''), ''), u.name),
    'last_name', CASE WHEN position(' ' in u.name) > 0 THEN regexp_replace(u.name, '^.* ', '') ELSE '' END,
    'email', u.email, 'is_active', u.is_active,
    'groups', (SELECT coalesce(json_agg(json_build_object('id', g.id, 'name', g.name)), '[]')
        FROM core_user_groups m JOIN auth_group g ON g.id = m.group_id WHERE m.user_id = u.id)
)::text, json_build_object('jti', t.jti, 'created_at', {_moment("t.created_at")},
    'expires_at', {_moment("t.expires_at")}, 'last_used_at', {_moment("t.last_used_at")})::text
FROM core_apitoken t JOIN core_user u ON u.id = t.user_id
WHERE t.id = %s
"""

_ENTITY_TYPE = """CASE y.name WHEN 'filename' THEN 'file' WHEN 'ip-any' THEN 'ipaddress'
    WHEN 'account' THEN 'userdetail' WHEN 'hostname' THEN 'host' WHEN 'mac-address' THEN 'mac'
    ELSE y.name END"""
_TAGS_OF_ENTITY = """(
    SELECT coalesce(json_agg(json_build_object('value', g.tag) ORDER BY g.first), '[]') FROM (
        SELECT btrim(x.tag) AS tag, min(ARRAY[s.place, s.id, x.place]) AS first
        FROM (
            SELECT 1 AS place, id, tags FROM cases_caseioc WHERE ioc_id = i.id
            UNION ALL SELECT 2, id, tags FROM incidents_alertioc WHERE ioc_id = i.id
            UNION ALL SELECT 3, id, tags FROM iocs_catalogueentry WHERE ioc_id = i.id AND user_id = %(user)s
        ) AS s, unnest(string_to_array(s.tags, ',')) WITH ORDINALITY AS x (tag, place)
        WHERE btrim(x.tag) <> ''
        GROUP BY 1
    ) AS g
)"""
_ENTITY = f"""
    i.id, i.value, {_ENTITY_TYPE} AS type, {_TAGS_OF_ENTITY} AS tag
"""
_FLAGS = """
    EXISTS (SELECT 1 FROM incidents_favoriteioc f WHERE f.ioc_id = i.id AND f.user_id = %(user)s) AS favorite,
    i.locked_at IS NOT NULL AS locked, i.deleted_at IS NOT NULL AS deleted
"""
_HELD = "(SELECT count(*) FROM cases_caseioc h WHERE h.ioc_id = i.id)"


def _entities(condition: str, order: str) -> str:
    return f"""
SELECT (SELECT coalesce(json_agg(r), '[]')::text FROM (
    SELECT {_ENTITY}, {_HELD} AS related_incidents_count, {_FLAGS}
    FROM (SELECT * FROM iocs_ioc WHERE {condition} ORDER BY {order} LIMIT %(size)s) AS i
    JOIN iocs_ioctype y ON y.id = i.type_id
    ORDER BY {order}
) AS r), (SELECT count(*) FROM iocs_ioc WHERE {condition})
"""


ENTITY_LIST = _entities("deleted_at IS NULL", "id DESC")
ENTITY_SEARCH = _entities(
    "deleted_at IS NULL AND upper(value) LIKE upper(%(like)s)",
    "CASE WHEN value_hash = %(hash)s THEN 1 ELSE 0 END DESC, id DESC",
)

ENTITY = f"""
SELECT row_to_json(r)::text, coalesce((SELECT string_agg(c.description, '<hr>' ORDER BY c.first) FROM (
            SELECT description, min(id) AS first FROM cases_caseioc
            WHERE ioc_id = %(entity)s AND description <> '' GROUP BY description
        ) AS c), '') FROM (
    SELECT {_ENTITY}, {_FLAGS}, i.value AS resource,
        (SELECT coalesce(json_agg(json_build_object('id', n.case_id, 'incidentid', n.reference)
            ORDER BY n.case_id DESC), '[]')
            FROM cases_caseioc h JOIN incidents_incident n ON n.case_id = h.case_id WHERE h.ioc_id = i.id
        ) AS related_incidents,
        a.id IS NOT NULL AS has_attachment, i.verdict AS threat_indicator,
        coalesce(s.md5, CASE WHEN y.name = 'md5' THEN i.value END) AS md5_hash,
        coalesce(s.sha1, CASE WHEN y.name = 'sha1' THEN i.value END) AS sha1_hash,
        coalesce(s.sha256, CASE WHEN y.name = 'sha256' THEN i.value END) AS sha256_hash,
        {_moment("m.first")} AS first_seen, {_moment("m.last")} AS last_seen,
        (SELECT coalesce(json_agg(r.message), '[]') FROM modules_modulerun r
            WHERE r.status = 'success' AND r.targets @> jsonb_build_array(
                jsonb_build_object('kind', 'ioc', 'id', i.id))) AS enrichments
    FROM iocs_ioc i
    JOIN iocs_ioctype y ON y.id = i.type_id
    LEFT JOIN LATERAL (
        SELECT id, file_id FROM incidents_attachment WHERE ioc_id = i.id ORDER BY id DESC LIMIT 1
    ) AS a ON true
    LEFT JOIN incidents_storedfile s ON s.id = a.file_id
    LEFT JOIN LATERAL (
        SELECT min(added_at) AS first, max(added_at) AS last FROM (
            SELECT added_at FROM cases_caseioc WHERE ioc_id = i.id
            UNION ALL SELECT added_at FROM incidents_alertioc WHERE ioc_id = i.id
            UNION ALL SELECT added_at FROM iocs_catalogueentry WHERE ioc_id = i.id AND user_id = %(user)s
        ) AS seen
    ) AS m ON true
    WHERE i.id = %(entity)s
) AS r
"""

_OWNER = "CASE WHEN g.id IS NULL THEN o.login ELSE g.name || ' (group)' END"
_TITLE = "CASE WHEN k.name = n.reference THEN '' ELSE k.name END"
_TYPES = """(SELECT coalesce(json_agg(v.label ORDER BY l.id), '[]') FROM incidents_incidenttype l
    JOIN incidents_listvalue v ON v.id = l.value_id WHERE l.incident_id = n.case_id)"""
_STATUS, _SEVERITY = "coalesce(sv.label, st.name)", "coalesce(rv.label, se.name)"
_IS_FAVORITE = """EXISTS (SELECT 1 FROM incidents_favoriteincident fi
    WHERE fi.incident_id = n.case_id AND fi.user_id = %(user)s)"""
_INCIDENT_TABLES = """
    JOIN cases_case k ON k.id = n.case_id
    JOIN core_user o ON o.id = k.owner_id
    LEFT JOIN auth_group g ON g.id = k.owner_group_id
    LEFT JOIN incidents_folder f ON f.id = n.folder_id
    JOIN cases_casestate st ON st.id = k.state_id
    LEFT JOIN incidents_listvalue sv ON sv.case_state_id = st.id
    JOIN cases_severity se ON se.id = k.severity_id
    LEFT JOIN incidents_listvalue rv ON rv.severity_id = se.id
"""
_LISTED = f"(k.deleted_at IS NULL OR {_IS_FAVORITE})"


def _incidents(columns: str) -> str:
    return f"""
SELECT (SELECT coalesce(json_agg(r), '[]')::text FROM (
    SELECT n.case_id AS id, {columns}
    FROM incidents_incident n {_INCIDENT_TABLES}
    WHERE {_LISTED} ORDER BY n.case_id DESC LIMIT %(size)s
) AS r), (SELECT count(*) FROM incidents_incident n JOIN cases_case k ON k.id = n.case_id WHERE {_LISTED})
"""


INCIDENT_LIST = _incidents(f"""
    n.reference AS incidentid, {_TYPES} AS type, {_STATUS} AS status, {_SEVERITY} AS restriction,
    {_TITLE} AS description, {_OWNER} AS owner, f.name AS folder, {_tags("k.tags")} AS tags,
    {_moment("k.opened_at")} AS openingtime, {_moment("n.started_at")} AS starttime,
    {_moment("k.closed_at")} AS closingtime, k.deleted_at IS NOT NULL AS is_deleted,
    {_IS_FAVORITE} AS favorite
""")
INCIDENT_SEARCH = _incidents(f"""
    n.reference AS incidentid, {_STATUS} AS status, {_moment("k.opened_at")} AS openingtime,
    {_OWNER} AS owner, {_TITLE} AS description, {_TYPES} AS type
""")

_TYPE_IDS = _TYPES.replace("v.label", "v.id")


def _chosen(name: str, label: str) -> str:
    row = f"(SELECT {{}} FROM incidents_listvalue WHERE id = n.{name}_id)"
    return _wrapped_value(label, row.format("label"), row.format("id"))


INCIDENT = f"""
SELECT row_to_json(r)::text, body FROM (
    SELECT n.case_id AS id, {_wrapped("Incident ID", "n.reference")} AS incidentid,
        {_wrapped_value("Type", _TYPES, _TYPE_IDS)} AS type,
        {_wrapped_value("Status", _STATUS, "sv.id")} AS status,
        {_wrapped_value("Severity", _SEVERITY, "rv.id")} AS restriction,
        {_chosen("kind", "Incident kind")} AS incident_kind,
        {_chosen("category", "Incident category")} AS incident_category,
        {_chosen("purpose", "Purpose")} AS purpose, {_chosen("phase", "Process phase")} AS phase,
        {_wrapped("Description", _TITLE)} AS description,
        {_wrapped("Owner", _OWNER)} AS owner, {_wrapped("Folder", "f.name")} AS folder,
        {_wrapped("Start time", _moment("n.started_at"))} AS starttime,
        {_wrapped("End time", _moment("n.ended_at"))} AS endtime,
        {_wrapped("Opening time", _moment("k.opened_at"))} AS openingtime,
        {_wrapped("Closing time", _moment("k.closed_at"))} AS closingtime,
        {_wrapped("Timezone", "n.timezone")} AS timezone, {_wrapped("Tags", _tags("k.tags"))} AS tags,
        {_wrapped("Inhibit phases", "n.inhibits_phases")} AS inhibit_phases,
        {_wrapped("Closing note", "k.closing_note")} AS closing_note,
        {_wrapped("Deleted", "k.deleted_at IS NOT NULL")} AS is_deleted,
        {_wrapped("Favorite", _IS_FAVORITE)} AS favorite,
        {_wrapped("Created by", "b.login")} AS created_by,
        {_wrapped("Generated by", "n.generated_by")} AS generated_by
    FROM incidents_incident n {_INCIDENT_TABLES}
    JOIN core_user b ON b.id = k.opened_by_id
    WHERE n.case_id = %(incident)s
) AS r, LATERAL (
    SELECT coalesce(nullif(description_html, ''), description) AS body FROM cases_case WHERE id = r.id
) AS text
"""

_IN_TIMELINE = """l.case_id = %(incident)s
    AND (l.action LIKE 'event.%%' OR l.action LIKE 'timeline_entry.%%')
    AND NOT (l.object_type = 'cases.event' AND EXISTS (
        SELECT 1 FROM core_auditlog p WHERE p.action = 'timeline_mark.printed'
            AND p.object_type = 'cases.event' AND p.object_id = l.object_id))
    AND NOT coalesce(m.is_deleted, false)"""
WAR_ROOM = f"""
WITH step AS (
    SELECT l.id, l.summary, l.details, l.actor_login, m.is_locked, m.is_printed, m.is_deleted, m.title,
        coalesce(CASE WHEN l.object_type = 'incidents.timelineentry'
            THEN (SELECT started_at FROM incidents_timelineentry e WHERE e.id = l.object_id) END,
            l.recorded_at) AS happened_at
    FROM core_auditlog l LEFT JOIN incidents_timelinemark m ON m.line_id = l.id
    WHERE {_IN_TIMELINE}
    ORDER BY happened_at DESC, l.id DESC LIMIT %(size)s
)
SELECT s.id, extract(epoch FROM date_trunc('second', s.happened_at))::bigint, {_moment("s.happened_at")},
    coalesce(nullif(s.title, ''), s.details->'after'->>'title', s.summary),
    coalesce(s.details->'after'->>'content', s.summary), s.actor_login,
    coalesce(s.is_locked, false), coalesce(s.is_printed, false), coalesce(s.is_deleted, false),
    (SELECT count(*) FROM core_auditlog l LEFT JOIN incidents_timelinemark m ON m.line_id = l.id
        WHERE {_IN_TIMELINE})
FROM step s
"""

_HELD_ENTITY = f"""
    ci.ioc_id AS id, i.value, {_ENTITY_TYPE} AS type,
    (SELECT coalesce(json_agg(json_build_object('value', btrim(x))), '[]')
        FROM unnest(string_to_array(ci.tags, ',')) AS x WHERE btrim(x) <> '') AS tag,
    i.verdict AS threat_indicator,
    {_HELD} AS related_incidents_count, {_FLAGS}, u.login AS added_by, {_moment("ci.added_at")} AS datetime
"""
INCIDENT_ENTITIES = f"""
SELECT (SELECT row_to_json(x) FROM (SELECT r.id, r.value, r.type, r.tag, r.threat_indicator,
        r.related_incidents_count, r.favorite, r.locked, r.deleted, r.added_by, r.datetime) AS x)::text,
    r.text, (SELECT count(*) FROM cases_caseioc WHERE case_id = %(incident)s)
FROM (
    SELECT {_HELD_ENTITY}, coalesce(ci.description, '') AS text
    FROM cases_caseioc ci
    JOIN iocs_ioc i ON i.id = ci.ioc_id
    JOIN iocs_ioctype y ON y.id = i.type_id
    JOIN core_user u ON u.id = ci.user_id
    WHERE ci.case_id = %(incident)s ORDER BY ci.ioc_id LIMIT %(size)s
) AS r
"""

_AUDITED = """
    INSERT INTO core_auditlog (recorded_at, actor_id, actor_login, channel, request_id, address, action,
        object_type, object_id, case_id, summary, details, is_user_input)
"""
_EVENT = """
    INSERT INTO core_outboxevent (audit_id, created_at, next_attempt_at, attempts)
    SELECT id, recorded_at, recorded_at, 0 FROM audit
"""
ADD_ENTITY = f"""
WITH y AS (
    SELECT id, name FROM iocs_ioctype WHERE name = %(type)s
), i AS (
    INSERT INTO iocs_ioc (type_id, value, value_hash, uuid, first_seen_at, verdict)
    SELECT y.id, %(value)s, %(hash)s, gen_random_uuid(), now(), 'none' FROM y
    ON CONFLICT (type_id, value_hash) DO UPDATE SET type_id = excluded.type_id
    RETURNING id, value, type_id, verdict, locked_at, deleted_at
), ci AS (
    INSERT INTO cases_caseioc (uuid, history, case_id, ioc_id, tlp_id, description, tags, user_id, added_at)
    SELECT gen_random_uuid(), %(history)s::jsonb, %(incident)s, i.id,
        (SELECT id FROM iocs_tlp WHERE name = 'amber'), %(description)s, %(tags)s, %(user)s, now()
    FROM i
    RETURNING id, case_id, ioc_id, description, tags, user_id, added_at
), audit AS ({_AUDITED}
    SELECT now(), %(user)s, %(login)s, 'cloudsoar', '', %(address)s, 'ioc.created', 'cases.caseioc', ci.id,
        ci.case_id, %(summary)s, %(details)s::jsonb, false
    FROM ci
    RETURNING id, recorded_at
), event AS ({_EVENT}), counter AS (
    INSERT INTO core_changecounter (case_id, family, value, updated_at)
    SELECT case_id, 'ioc', 1, now() FROM ci
    ON CONFLICT ON CONSTRAINT one_counter_per_family
    DO UPDATE SET value = core_changecounter.value + 1, updated_at = excluded.updated_at
)
SELECT row_to_json(t)::text, pg_notify('soar_outbox', '') FROM (
    SELECT {_HELD_ENTITY.replace(_HELD, f"{_HELD} + 1")}
    FROM ci, i, y, core_user u WHERE u.id = ci.user_id
) AS t
"""

_ALERT = f"""
    a.id, a.state, s.name AS status, v.label AS type, o.login AS owner, {_moment("a.created_at")} AS created_at
"""
_OPEN = "state IN ('pending', 'grabbed')"
TRIAGE_LIST = f"""
SELECT (SELECT coalesce(json_agg(r), '[]')::text FROM (
    SELECT {_ALERT.replace("s.name", "coalesce(w.label, s.name)")}
    FROM incidents_alert a
    JOIN incidents_alertstatus s ON s.id = a.status_id
    LEFT JOIN incidents_listvalue w ON w.alert_status_id = s.id
    JOIN incidents_listvalue v ON v.id = a.type_id
    LEFT JOIN core_user o ON o.id = a.owner_id
    WHERE a.{_OPEN} ORDER BY a.id DESC LIMIT %(size)s
) AS r), (SELECT count(*) FROM incidents_alert WHERE {_OPEN})
"""
ADD_ALERT = f"""
WITH v AS (
    SELECT id, label FROM incidents_listvalue WHERE field = 'type' AND label = %(type)s
), a AS (
    INSERT INTO incidents_alert (title, description, state, source, external_id, content, custom, tags, uuid,
        created_at, reason, created_by_id, customer_id, status_id, type_id)
    SELECT %(title)s, %(description)s, 'pending', %(source)s, %(external_id)s, '{{}}', '{{}}', %(tags)s,
        gen_random_uuid(), now(), '', %(user)s, (SELECT min(id) FROM cases_customer), 2, v.id
    FROM v
    RETURNING id, state, status_id, owner_id, created_at
), audit AS ({_AUDITED}
    SELECT now(), %(user)s, %(login)s, 'cloudsoar', '', %(address)s, 'alert.created', 'incidents.alert', a.id,
        NULL, 'took in event #' || a.id || ' - ' || %(title)s, %(details)s::jsonb, false
    FROM a
    RETURNING id, recorded_at
), event AS ({_EVENT})
SELECT row_to_json(t)::text, pg_notify('soar_outbox', '') FROM (
    SELECT {_ALERT.replace("s.name", "coalesce(w.label, s.name)")}
    FROM a JOIN incidents_alertstatus s ON s.id = a.status_id
    LEFT JOIN incidents_listvalue w ON w.alert_status_id = s.id
    LEFT JOIN core_user o ON o.id = a.owner_id, v
) AS t
"""
