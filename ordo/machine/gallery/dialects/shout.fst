% A letter after b is written in capitals; b itself is not written.
% ask: aaba
% expect: out: a a 'A'
calm calm a a
calm loud b <eps>
loud calm a A
calm
