% Seconds and inferences of SWI-Prolog for the query of a file, its clauses compiled as a file's are:
%   swipl -O -q -g "bench('FILE')" -t halt swi_bench.pl
:- dynamic query/1.

bench(File) :-
    tmp_file_stream(text, Name, Out),
    setup_call_cleanup(open(File, read, In), copy(In, Out), close(In)),
    close(Out),
    load_files(user:Name, [silent(true)]),
    query(Q),
    statistics(inferences, I0), statistics(cputime, T0),
    ( user:Q -> true ; true ),
    statistics(cputime, T1), statistics(inferences, I1),
    T is T1 - T0, I is I1 - I0,
    format("~6f ~d~n", [T, I]).

copy(In, Out) :-
    read_term(In, T, []),
    (   T == end_of_file -> true
    ;   T = (?- Q) -> assertz(query(Q)), copy(In, Out)
    ;   format(Out, "~q.~n", [T]), copy(In, Out)
    ).
