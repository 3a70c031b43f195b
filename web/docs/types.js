// What is read of the two documents, openapi.json and asyncapi.json, as types. Nothing here runs.

/**
 * A schema, or a reference to one.
 * @typedef {{
 *   $ref?: string, type?: string | string[], description?: string, format?: string, properties?: Record<string, Schema>, required?: string[],
 *   additionalProperties?: Schema | boolean, items?: Schema, allOf?: Schema[], oneOf?: Schema[], anyOf?: Schema[], enum?: unknown[], const?: unknown,
 *   examples?: unknown[], example?: unknown, default?: unknown, minimum?: number, maximum?: number,
 * }} Schema
 */
/** @typedef {{ schema?: Schema, example?: unknown }} Media */
/** @typedef {{ name: string, in: 'path' | 'query' | 'header', required?: boolean, description?: string, schema: Schema, example?: string }} Parameter */
/** @typedef {{ description?: string, content?: Record<string, Media>, headers?: Record<string, Schema> }} Answer */
/**
 * @typedef {{
 *   operationId: string, summary: string, description?: string, tags: string[], security?: Record<string, string[]>[], parameters?: Parameter[],
 *   requestBody?: { content: Record<string, Media> }, responses: Record<string, Answer>,
 * }} Operation
 */
/** @typedef {{ path: string, method: string, operation: Operation }} Route */
/** @typedef {{ word: string, title: string, status: number, when: string }} Kind */
/**
 * @typedef {{
 *   info: { description: string, version: string }, paths: Record<string, Record<string, Operation>>, tags: { name: string, description: string }[],
 *   'x-problems'?: Kind[],
 * }} OpenApi
 */
/** @typedef {{ name?: string, title?: string, summary?: string, description?: string, payload?: Schema & { schema?: Schema }, examples?: { payload: unknown }[] }} Message */
/**
 * @typedef {{
 *   title?: string, address?: string, description?: string, summary?: string, parameters?: Record<string, { description?: string }>,
 *   messages?: Record<string, Schema>,
 * }} Channel
 */
/** @typedef {{ channels?: Record<string, Channel>, operations?: Record<string, { action: string, channel?: Schema, messages?: Schema[] }> }} AsyncApi */
/** A channel, and references to what is said on it, by side. @typedef {{ id: string, title: string, channel: Channel, client: Schema[], server: Schema[] }} Socket */

export {};
