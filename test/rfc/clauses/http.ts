import { type Clause, provenBy } from '../clause.ts';

const SEMANTICS = 'rfc/http.test.ts';
const MESSAGES = 'rfc/http-messages.test.ts';

/** HTTP semantics (RFC 9110: methods, conditions, ranges) and HTTP/1.1 (RFC 9112: framing), as an origin server. */
export const HTTP_CLAUSES: readonly Clause[] = [
  ...provenBy(SEMANTICS, 'MUST', {
    'RFC9110-9.1-general': 'GET and HEAD are served',
    'RFC9110-9.3.2-head': 'The answer to HEAD has no content',
    'RFC9110-8.6-length': 'A Content-Length is the length of the content',
    'RFC9110-8.6-head-length': 'That of HEAD is the one of GET',
    'RFC9110-6.6.1-date': 'Answers have a Date',
    'RFC9110-15.2-no-1xx': 'A client of HTTP/1.0 gets no interim response',
    'RFC9110-13.1.2-not-modified': 'If-None-Match that matches, by weak comparison: 304',
    'RFC9110-13.1.3-since': 'If-Modified-Since is ignored beside If-None-Match, or when it is no date',
    'RFC9110-13.1.5-if-range': 'Range is ignored unless If-Range matches, by strong comparison',
    'RFC9110-13.1.5-alone': 'If-Range without Range is ignored',
    'RFC9110-13.2.2-order': 'Conditions come before Range',
    'RFC9110-14.2-get-only': 'Range is ignored for other methods than GET',
    'RFC9110-14.2-unit': 'Range of a unit that is not known is ignored',
    'RFC9110-15.3.7-single': 'One range: Content-Range, and no multipart',
    'RFC9110-15.3.7-fields': 'A 206 has the fields of a 200 that caches need',
    'RFC9110-15.3.7.2-several': 'Several: a multipart with Content-Range in each part and none in the header',
    'RFC9110-15.4.5-fields': 'A 304 has no content and the fields of a 200 that caches need',
  }),
  ...provenBy(MESSAGES, 'MUST', {
    'RFC9112-3.2-host': 'HTTP/1.1 without Host, or with two: 400',
    'RFC9112-3.2.2-absolute': 'A target in absolute form is served',
    'RFC9112-5.1-blank': 'A blank before the colon of a field: 400',
    'RFC9112-5.2-fold': 'A folded field: 400, or the fold is read as blanks',
    'RFC9112-6.1-both': 'After Transfer-Encoding beside Content-Length the connection ends',
    'RFC9112-6.1-version': 'Transfer-Encoding is for requests of HTTP/1.1 only',
    'RFC9112-6.2-length-only': 'No answer has both Content-Length and Transfer-Encoding',
    'RFC9112-6.3-length': 'A Content-Length that is no number: 400',
    'RFC9112-6.3-chunked-last': 'A Transfer-Encoding that does not end in chunked: 400',
    'RFC9112-9.6-close': 'After a request with "close" no other is answered, and the answer says "close"',
  }),
  ...provenBy(SEMANTICS, 'rule', {
    'RFC9110-8.8.3-etag': 'An entity tag is quoted; it is strong when the octets are the same',
  }),
  ...provenBy(MESSAGES, 'rule', {
    'RFC9112-9.3-persist': 'A connection of HTTP/1.1 stays, and answers keep the order of requests',
    'RFC9112-3-target': 'A target that is too long is refused',
    'RFC9112-3-414': 'A target that is too long is answered by 414',
  }),
  ...provenBy(SEMANTICS, 'SHOULD', {
    'RFC9110-15.5.17-unsatisfiable': 'A 416 tells the size in Content-Range',
  }),
  {
    id: 'RFC9110-15.5.6-allow',
    level: 'MUST',
    requirement: 'A 405 names the methods that are allowed',
    deviation: 'No 405 is sent: to a method that a path does not have, there is nothing at this path (404)',
  },
];
