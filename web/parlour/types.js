// What the server sends and takes, as types; see contracts/native/spec.md. Nothing here runs.

/** @typedef {{ id: number, username: string }} Name */
/** @typedef {Name & { display_name: string, bio: string, avatar: string | null }} Person */
/**
 * @typedef {Person & {
 *   first_name: string, last_name: string, facility_id: string, consent: boolean, email: string | null,
 *   email_verified: boolean, pending_email: string | null, admin_level: number, created_at: string,
 * }} Me
 */
/**
 * @typedef {{
 *   id: number, contract: string, device: string, address: string, created_at: string, last_used_at: string,
 *   expires_at: string, current: boolean,
 * }} Session
 */
/** @typedef {{ access_token: string, token_type: string, expires_in: number, refresh_token: string | null }} Tokens */
/** @typedef {{ account: Me, session: Session | null, tokens: Tokens | null }} Entrance */
/** @typedef {'owner' | 'moderator' | 'member'} Role */
/** @typedef {{ role: Role, muted_until: string | null, read_seq: number, unread: number }} Membership */
/**
 * @typedef {{
 *   id: number, name: string, visibility: 'public' | 'private' | 'direct', topic: string, slow_mode: number,
 *   created_at: string, epoch: string, last_seq: number, members: number, me: Membership | null,
 *   with: Person | null, last_message: Message | null,
 * }} Room
 */
/** @typedef {{ person: Person, role: Role, joined_at: string, muted_until: string | null, present: boolean }} Member */
/** @typedef {{ person: Person, by: Person | null, reason: string, at: string, until: string | null }} Ban */
/**
 * @typedef {{
 *   room: { name: string, topic: string, visibility: 'public' | 'private', members: number },
 *   by: Person | null, at: string,
 * }} Invitation
 */
/** @typedef {{ emoji: string, count: number, by: number[] }} Reaction */
/**
 * @typedef {{
 *   seq: number, type: 'message', at: string, author: Name, text: string, key: string | null,
 *   reply_to: number | null, edited_at: string | null, reactions: Reaction[],
 * }} Message
 */
/** @typedef {{ seq: number, type: 'edited', at: string, by: Name, target: number, text: string }} Edited */
/** @typedef {{ seq: number, type: 'deleted', at: string, by: Name, target: number }} Deleted */
/** @typedef {{ seq: number, type: 'reacted' | 'unreacted', at: string, by: Name, target: number, emoji: string }} Reacted */
/**
 * @typedef {{
 *   seq: number, type: 'member', at: string, by: Name | null, subject: Name, change: string, role: string | null,
 *   until: string | null,
 * }} MemberChanged
 */
/**
 * @typedef {{
 *   seq: number, type: 'room', at: string, by: Name, topic: string | null, visibility: string | null,
 *   slow_mode: number | null,
 * }} RoomChanged
 */
/** @typedef {{ seq: number, type: 'erased', at: string }} Erased */
/** @typedef {Message | Edited | Deleted | Reacted | MemberChanged | RoomChanged | Erased} Event */
/**
 * @template T
 * @typedef {{ items: T[], next: string | null }} Page
 */
/** @typedef {{ items: Message[], epoch: string, last_seq: number, more_before: boolean, more_after: boolean }} Timeline */
/** @typedef {{ items: Event[], epoch: string, last_seq: number }} Log */
/** @typedef {{ room: string, message: Message, snippet: string }} Found */
/** @typedef {{ field: string, rule: string, message: string }} Violation */
/** @typedef {{ epoch: string, seq: number }} Since */
/** @typedef {{ before?: number, after?: number, around?: number, limit?: number }} Where */
/** @typedef {{ count: number, people: Name[] }} Present */
/**
 * A message that has not been seen in the log yet.
 * @typedef {{
 *   key: string, room: string, text: string, reply_to: number | null, at: number,
 *   state: 'waiting' | 'sending' | 'sent' | 'failed', problem: string | null, seq: number | null,
 * }} Unsent
 */

export {};
