# DBD::mysql or DBD::MariaDB: reads requests (see tests/src/drivers/driver.ts) from stdin and answers each with a line of JSON.
# usage: dbi_driver.pl mysql|MariaDB
use strict;
use warnings;
use utf8;
use Digest::MD5 qw(md5_hex);
use Encode qw(encode_utf8 is_utf8);
use DBI qw(:sql_types);
use JSON::PP;
use POSIX ();

my $NAME = $ARGV[0];
my $PREFIX = lc $NAME;
my $LONG = 200;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my (%connections, %targets, %statements);
my $UNSUPPORTED = "unsupported\n";
$| = 1;

# A value as text; long ones as length and hash. Perl has no types to tell.
sub told {
    my ($value) = @_;
    return undef unless defined $value;
    my $bytes = is_utf8($value) ? encode_utf8($value) : $value;
    return sprintf '%d %s', length $bytes, md5_hex($bytes) if length $bytes > $LONG;
    return is_utf8($value) ? "text:$value" : $value =~ /^[\x20-\x7e]*$/ ? "plain:$value" : 'bytes:' . unpack('H*', $value);
}

sub bound {
    my ($param) = @_;
    my ($type, $value) = @$param{qw(t v)};
    return (undef, SQL_VARCHAR) if $type eq 'null';
    return ($value, SQL_INTEGER) if $type eq 'int' && length $value < 18;
    return ($value, SQL_DOUBLE) if $type eq 'double';
    return (pack('H*', $value), SQL_BLOB) if $type eq 'blob';
    return ($value x $param->{n}, SQL_VARCHAR) if $type eq 'repeat';
    return ($value, SQL_VARCHAR);
}

sub connected {
    my ($request) = @_;
    my $utf8 = $NAME eq 'mysql' ? ';mysql_enable_utf8mb4=1' : '';
    my $dsn = "DBI:$NAME:database=$request->{database};host=$request->{host};port=$request->{port}";
    $dsn .= ";${PREFIX}_multi_statements=1;${PREFIX}_server_prepare=1;${PREFIX}_local_infile=1$utf8";
    $dsn .= ";${PREFIX}_compression=1" if $request->{compress};
    $dsn .= ";${PREFIX}_ssl=1;${PREFIX}_ssl_ca_file=$request->{ca};${PREFIX}_ssl_verify_server_cert=1" if $request->{ca};
    # Built with MariaDB's library it can't insist on TLS.
    $dsn .= ';mysql_ssl_optional=1' if $request->{ca} && $NAME eq 'mysql';
    return DBI->connect($dsn, @$request{qw(user password)}, { RaiseError => 1, PrintError => 0, AutoCommit => 1 });
}

sub results {
    my ($statement, $prepared) = @_;
    my @found;
    do {
        if ($statement->{NUM_OF_FIELDS}) {
            my @columns = map { [$statement->{NAME}[$_], $statement->{TYPE}[$_], $statement->{SCALE}[$_]] }
                0 .. $statement->{NUM_OF_FIELDS} - 1;
            my @rows = map { [map { told($_) } @$_] } @{ $statement->fetchall_arrayref };
            push @found, { columns => \@columns, rows => \@rows };
        } else {
            push @found, { affected => $statement->rows, insertId => $statement->{"${PREFIX}_insertid"} };
        }
    } while (!$prepared && $statement->more_results); # it refuses to ask when prepared on the server
    return \@found;
}

# As text.
sub query {
    my ($connection, $sql) = @_;
    my $statement = $connection->prepare($sql, { "${PREFIX}_server_prepare" => 0 });
    $statement->execute;
    my $found = results($statement, 0);
    $statement->finish;
    return $found;
}

sub execute {
    my ($statement, $params) = @_;
    my $index = 0;
    $statement->bind_param(++$index, bound($_)) for @$params;
    $statement->execute;
    return results($statement, 1);
}

my %operations = (
    connect => sub {
        my ($request, $on) = @_;
        $targets{$on} = $request;
        $connections{$on} = connected($request);
        return undef;
    },
    close => sub { my ($request, $on) = @_; (delete $connections{$on})->disconnect; undef },
    info => sub {
        my ($request, $on) = @_;
        my $connection = $connections{$on};
        my ($id) = $connection->selectrow_array('SELECT CONNECTION_ID()');
        return {
            version => $connection->{"${PREFIX}_serverinfo"},
            statistics => ($connection->{"${PREFIX}_stat"} // '') =~ /^Uptime: / ? 1 : 0,
            sameId => $id == $connection->{"${PREFIX}_thread_id"} ? 1 : 0,
        };
    },
    query => sub { my ($request, $on) = @_; query($connections{$on}, $request->{sql}) },
    infile => sub { my ($request, $on) = @_; query($connections{$on}, $request->{sql}) },
    execute => sub {
        my ($request, $on) = @_;
        my $statement = $connections{$on}->prepare($request->{sql});
        my $found = execute($statement, $request->{params});
        $statement->finish;
        return $found;
    },
    prepare => sub { my ($request, $on) = @_; $statements{ $request->{name} } = $connections{$on}->prepare($request->{sql}); undef },
    run => sub { my ($request, $on) = @_; execute($statements{ $request->{name} }, $request->{params}) },
    unprepare => sub { my ($request) = @_; (delete $statements{ $request->{name} })->finish; undef },
    batch => sub {
        my ($request, $on) = @_;
        my $statement = $connections{$on}->prepare($request->{sql});
        my @values = map { (bound($_->[0]))[0] } @{ $request->{rows} };
        return $statement->execute_array({}, \@values);
    },
    call => sub {
        my ($request, $on) = @_;
        my $called = query($connections{$on}, "CALL $request->{procedure}($request->{value}, \@out_of_call)");
        return [$called, query($connections{$on}, 'SELECT @out_of_call')];
    },
    stream => sub {
        my ($request, $on) = @_;
        my $attributes = { "${PREFIX}_use_result" => 1, "${PREFIX}_server_prepare" => 0 };
        my $statement = $connections{$on}->prepare($request->{sql}, $attributes);
        $statement->execute;
        my ($count, @last) = (0);
        while (my @row = $statement->fetchrow_array) {
            $count++;
            @last = @row;
        }
        return { rows => $count, last => [map { told($_) } @last] };
    },
    begin => sub { my ($request, $on) = @_; $connections{$on}->begin_work; undef },
    commit => sub { my ($request, $on) = @_; $connections{$on}->commit; undef },
    rollback => sub { my ($request, $on) = @_; $connections{$on}->rollback; undef },
    ping => sub { my ($request, $on) = @_; $connections{$on}->ping ? 1 : 0 },
    use => sub { my ($request, $on) = @_; query($connections{$on}, "USE `$request->{database}`") },
    # As its documentation has it: SIGALRM, and a second connection.
    cancel => sub {
        my ($request, $on) = @_;
        my $id = $connections{$on}->{"${PREFIX}_thread_id"};
        my $child = fork;
        if ($child == 0) {
            $_->{InactiveDestroy} = 1 for values %connections;
            select undef, undef, undef, 0.5;
            eval { connected($targets{$on})->do("KILL QUERY $id") };
            POSIX::_exit(0); # no destructor may say goodbye on connections of the parent
        }
        my $found = eval { query($connections{$on}, $request->{sql}) };
        my $error = $@;
        waitpid $child, 0;
        die $error if $error;
        return $found;
    },
);

binmode STDOUT;
while (my $line = <STDIN>) {
    my $request = $json->decode($line);
    my $operation = $operations{ $request->{op} };
    my $answer;
    if ($operation) {
        my $found = eval { $operation->($request, $request->{on} // 'main') };
        $answer = $@
            ? { error => { code => $DBI::err, state => $DBI::state, message => $DBI::errstr // "$@" } }
            : { ok => $found };
    } else {
        $answer = { unsupported => JSON::PP::true };
    }
    print $json->encode($answer), "\n";
}
