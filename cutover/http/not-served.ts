/**
 * A header on the 503 of an instance that is starting or stopping: it has looked at nothing of the request, so another
 * instance may be asked, as if this one had refused the connection. Its value says which of the two it is.
 */
export const notServed = 'cutover-not-served'
