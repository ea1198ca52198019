"""The statements of the floor program: the best plain SQL we know for the bodies our endpoints return.

Each list is one statement that yields one text of JSON, the state object included.
"""

CALLER = """
SELECT u.id, u.login
FROM core_irisapikey k JOIN core_user u ON u.id = k.user_id
WHERE k.key_hash = %s AND u.is_active
"""

_STATE = """(
    SELECT json_build_object('object_state', c.value, 'object_last_update',
        to_char(c.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'))
    FROM core_changecounter c WHERE c.case_id = %(case)s AND c.family = '{family}'
)"""


def _listing(name: str, family: str, rows: str) -> str:
    state = _STATE.format(family=family)
    return (
        f"SELECT json_build_object('{name}', coalesce((SELECT json_agg(t) FROM ({rows}) AS t), '[]'), "
        f"'state', {state})::text"
    )


IOC_LIST = _listing(
    "ioc",
    "ioc",
    """
    SELECT ci.ioc_id, i.uuid AS ioc_uuid, i.value AS ioc_value, y.name AS ioc_type,
        i.type_id AS ioc_type_id, ci.description AS ioc_description, ci.tags AS ioc_tags,
        ci.tlp_id AS ioc_tlp_id, p.name AS tlp_name, p.bscolor AS tlp_bscolor,
        NULL AS ioc_misp, NULL AS misp_link, coalesce(l.items, '[]') AS link
    FROM cases_caseioc ci
    JOIN iocs_ioc i ON i.id = ci.ioc_id
    JOIN iocs_ioctype y ON y.id = i.type_id
    JOIN iocs_tlp p ON p.id = ci.tlp_id
    LEFT JOIN (
        SELECT o.ioc_id, json_agg(r ORDER BY o.case_id) AS items
        FROM cases_caseioc o
        JOIN cases_case k ON k.id = o.case_id
        JOIN cases_customer u ON u.id = k.customer_id
        CROSS JOIN LATERAL (
            SELECT o.case_id, '#' || o.case_id || ' - ' || k.name AS case_name, u.name AS client_name
        ) AS r
        WHERE o.case_id <> %(case)s
            AND o.ioc_id IN (SELECT ioc_id FROM cases_caseioc WHERE case_id = %(case)s)
        GROUP BY o.ioc_id
    ) AS l ON l.ioc_id = ci.ioc_id
    WHERE ci.case_id = %(case)s
    ORDER BY ci.id
    """,
)

ASSET_LIST = _listing(
    "assets",
    "assets",
    """
    SELECT a.id AS asset_id, a.uuid AS asset_uuid, a.name AS asset_name,
        a.description AS asset_description, a.domain AS asset_domain, a.ip AS asset_ip,
        a.tags AS asset_tags, y.name AS asset_type, a.type_id AS asset_type_id,
        y.icon_compromised AS asset_icon_compromised,
        y.icon_not_compromised AS asset_icon_not_compromised,
        CASE a.compromise_status WHEN 1 THEN true WHEN 2 THEN false END AS asset_compromised,
        a.compromise_status AS asset_compromise_status_id,
        s.name AS analysis_status, a.analysis_status_id,
        coalesce(l.items, '[]') AS ioc_links, coalesce(e.items, '[]') AS link
    FROM cases_asset a
    JOIN cases_assettype y ON y.id = a.type_id
    JOIN cases_analysisstatus s ON s.id = a.analysis_status_id
    LEFT JOIN (
        SELECT r.asset_id, json_agg(r) AS items
        FROM (
            SELECT ci.ioc_id, i.value AS ioc_value, o.asset_id
            FROM cases_assetioc o
            JOIN cases_asset b ON b.id = o.asset_id
            JOIN cases_caseioc ci ON ci.id = o.case_ioc_id
            JOIN iocs_ioc i ON i.id = ci.ioc_id
            WHERE b.case_id = %(case)s
            ORDER BY o.asset_id, o.id
        ) AS r
        GROUP BY r.asset_id
    ) AS l ON l.asset_id = a.id
    LEFT JOIN (
        SELECT h.id, json_agg(r ORDER BY o.case_id) AS items
        FROM cases_asset h
        JOIN cases_asset o ON o.name = h.name AND o.type_id = h.type_id AND o.case_id <> h.case_id
        JOIN cases_case k ON k.id = o.case_id
        JOIN cases_customer u ON u.id = k.customer_id
        CROSS JOIN LATERAL (
            SELECT o.id AS asset_id, o.case_id, '#' || o.case_id || ' - ' || k.name AS case_name,
                u.name AS client_name
        ) AS r
        WHERE h.case_id = %(case)s
            AND k.customer_id = (SELECT customer_id FROM cases_case WHERE id = %(case)s)
        GROUP BY h.id
    ) AS e ON e.id = a.id
    WHERE a.case_id = %(case)s
    ORDER BY a.id
    """,
)

TIMELINE = _listing(
    "timeline",
    "events",
    """
    SELECT v.id AS event_id, v.uuid AS event_uuid, v.title AS event_title, v.content AS event_content,
        to_char(v.date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS event_date,
        to_char(v.local_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS event_date_wtz,
        v.tz AS event_tz, v.color AS event_color, v.tags AS event_tags,
        v.is_in_graph AS event_in_graph, v.is_in_summary AS event_in_summary,
        v.is_flagged AS event_is_flagged, v.category_id AS event_category_id,
        y.name AS category_name, coalesce(a.items, '[]') AS assets, coalesce(i.items, '[]') AS iocs
    FROM cases_event v
    JOIN cases_eventcategory y ON y.id = v.category_id
    LEFT JOIN (
        SELECT r.event_id, json_agg(r) AS items
        FROM (
            SELECT o.asset_id, b.name AS asset_name, o.event_id
            FROM cases_eventasset o
            JOIN cases_event w ON w.id = o.event_id
            JOIN cases_asset b ON b.id = o.asset_id
            WHERE w.case_id = %(case)s
            ORDER BY o.event_id, o.id
        ) AS r
        GROUP BY r.event_id
    ) AS a ON a.event_id = v.id
    LEFT JOIN (
        SELECT r.event_id, json_agg(r) AS items
        FROM (
            SELECT ci.ioc_id, x.value AS ioc_value, o.event_id
            FROM cases_eventioc o
            JOIN cases_event w ON w.id = o.event_id
            JOIN cases_caseioc ci ON ci.id = o.case_ioc_id
            JOIN iocs_ioc x ON x.id = ci.ioc_id
            WHERE w.case_id = %(case)s
            ORDER BY o.event_id, o.id
        ) AS r
        GROUP BY r.event_id
    ) AS i ON i.event_id = v.id
    WHERE v.case_id = %(case)s
    ORDER BY v.date, v.id
    """,
)

CASE_LIST = """
SELECT json_agg(t)::text FROM (
    SELECT k.id AS case_id, k.uuid AS case_uuid, '#' || k.id || ' - ' || k.name AS case_name,
        k.description AS case_description, k.soc_id AS case_soc_id, u.name AS client_name,
        to_char(k.opened_on, 'MM/DD/YYYY') AS case_open_date,
        coalesce(to_char(k.closed_on, 'MM/DD/YYYY'), '') AS case_close_date,
        b.name AS opened_by, k.opened_by_id AS opened_by_user_id, o.name AS owner, k.owner_id,
        k.classification_id, c.name AS classification, k.state_id, s.name AS state_name,
        coalesce(l.level, 4) AS access_level
    FROM cases_case k
    JOIN cases_customer u ON u.id = k.customer_id
    JOIN core_user b ON b.id = k.opened_by_id
    JOIN core_user o ON o.id = k.owner_id
    JOIN cases_casestate s ON s.id = k.state_id
    LEFT JOIN cases_caseclassification c ON c.id = k.classification_id
    LEFT JOIN cases_usercaseaccess l ON l.case_id = k.id AND l.user_id = %(user)s
    ORDER BY k.id
) AS t
"""

_IOC = """
        i.uuid AS ioc_uuid, i.value AS ioc_value, i.type_id AS ioc_type, i.type_id AS ioc_type_id,
        ci.tlp_id AS ioc_tlp_id, ci.description AS ioc_description, ci.tags AS ioc_tags,
        NULL AS ioc_misp, ci.user_id, ci.custom_attributes, i.enrichment AS ioc_enrichment,
        ci.history AS modification_history
"""

IOC = f"""
SELECT row_to_json(t)::text FROM (
    SELECT ci.ioc_id, {_IOC}, coalesce((
        SELECT json_agg(r ORDER BY o.case_id)
        FROM cases_caseioc o
        JOIN cases_case k ON k.id = o.case_id
        JOIN cases_customer u ON u.id = k.customer_id
        CROSS JOIN LATERAL (
            SELECT o.case_id, '#' || o.case_id || ' - ' || k.name AS case_name, u.name AS client_name
        ) AS r
        WHERE o.ioc_id = ci.ioc_id AND o.case_id <> ci.case_id
    ), '[]') AS link
    FROM cases_caseioc ci JOIN iocs_ioc i ON i.id = ci.ioc_id
    WHERE ci.case_id = %(case)s AND ci.ioc_id = %(ioc)s
) AS t
"""

ADD_IOC = f"""
WITH i AS (
    INSERT INTO iocs_ioc (type_id, value, value_hash, uuid, first_seen_at, verdict)
    VALUES (%(type)s, %(value)s, %(hash)s, gen_random_uuid(), now(), 'none')
    ON CONFLICT (type_id, value_hash) DO UPDATE SET type_id = excluded.type_id
    RETURNING id, uuid, value, type_id, enrichment
), ci AS (
    INSERT INTO cases_caseioc (uuid, history, case_id, ioc_id, tlp_id, description, tags, user_id, added_at)
    SELECT gen_random_uuid(), %(history)s::jsonb, %(case)s, i.id, %(tlp)s, %(description)s, %(tags)s,
        %(user)s, now()
    FROM i
    RETURNING id, case_id, ioc_id, tlp_id, description, tags, user_id, custom_attributes, history
), audit AS (
    INSERT INTO core_auditlog (recorded_at, actor_id, actor_login, channel, request_id, address, action,
        object_type, object_id, case_id, summary, details, is_user_input)
    SELECT now(), %(user)s, %(login)s, 'iris', '', %(address)s, 'ioc.created', 'cases.caseioc', ci.id,
        ci.case_id, %(summary)s, %(details)s::jsonb, false
    FROM ci
    RETURNING id, recorded_at
), event AS (
    INSERT INTO core_outboxevent (audit_id, created_at, next_attempt_at, attempts)
    SELECT id, recorded_at, recorded_at, 0 FROM audit
), counter AS (
    INSERT INTO core_changecounter (case_id, family, value, updated_at)
    SELECT case_id, 'ioc', 1, now() FROM ci
    ON CONFLICT ON CONSTRAINT one_counter_per_family
    DO UPDATE SET value = core_changecounter.value + 1, updated_at = excluded.updated_at
)
SELECT row_to_json(t)::text, pg_notify('soar_outbox', '') FROM (
    SELECT ci.ioc_id, {_IOC} FROM ci, i
) AS t
"""
