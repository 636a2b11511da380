using Gatehouse.Store;
using Gatehouse.Store.Connections;
using Npgsql;

namespace Gatehouse.Tests.Store;

public class PostgresUrlTests
{
    [Theory]
    [InlineData("postgres://ada:p%40ss%2Fw%3Ard@db.example.com:6543/gate?sslmode=verify-full", "db.example.com", 6543, "ada", "p@ss/w:rd", "gate", SslMode.VerifyFull)]
    [InlineData("postgresql://ada@db.example.com/gate", "db.example.com", 5432, "ada", null, "gate", SslMode.Prefer)]
    [InlineData("postgres://ada@[::1]:5433/gate?sslmode=disable", "::1", 5433, "ada", null, "gate", SslMode.Disable)]
    [InlineData("postgres://ada@localhost/gate?host=/run/postgresql", "/run/postgresql", 5432, "ada", null, "gate", SslMode.Prefer)]
    [InlineData("postgres://ada:a:b@h/gate", "h", 5432, "ada", "a:b", "gate", SslMode.Prefer)]
    public void Is_read(string url, string host, int port, string user, string? password, string database, SslMode sslMode)
    {
        Assert.True(PostgresUrl.TryParse(url, out var read, out var fault), fault);
        Assert.Equal((host, port, user, password, database, sslMode), (read.Host, read.Port, read.Username, read.Password, read.Database, read.SslMode));
    }

    [Fact]
    public void Waits_three_seconds_or_as_long_as_it_says()
    {
        Assert.True(PostgresUrl.TryParse("postgres://ada@h/d", out var usual, out _));
        Assert.True(PostgresUrl.TryParse("postgres://ada@h/d?connect_timeout=10&command_timeout=20", out var patient, out _));
        Assert.Equal((3, 3, 10, 20), (usual.Timeout, usual.CommandTimeout, patient.Timeout, patient.CommandTimeout));
    }

    [Theory]
    [InlineData("", "no scheme")]
    [InlineData("gatehouse.db", "no scheme")]
    [InlineData("mysql://ada:hunter2@h/d", "'mysql'")]
    [InlineData("postgres://ada:hunter2@h", "names no database")]
    [InlineData("postgres://h/d", "names no user")]
    [InlineData("postgres://ada:hunter2@/d", "can't be read")]
    [InlineData("postgres:///d", "names no host")]
    [InlineData("postgres://ada:hunter2@h:port/d", "can't be read")]
    [InlineData("postgres://ada:hunter2@h/d/e", "expected one name")]
    [InlineData("postgres://ada:hunter2@h/d?sslmode=yes", "sslmode is 'yes'")]
    [InlineData("postgres://ada:hunter2@h/d?ssl=true", "parameter 'ssl'")]
    [InlineData("postgres://ada:hunter2@h/d?connect_timeout=0", "connect_timeout is '0'")]
    [InlineData("postgres://ada:hunter2@h/d?command_timeout=61", "command_timeout is '61'")]
    [InlineData("postgres://ada:hunter2@h/d#f", "'#'")]
    public void Is_refused_with_a_reason_that_holds_no_password(string url, string reason)
    {
        Assert.False(PostgresUrl.TryParse(url, out _, out var fault));
        Assert.Contains(reason, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault, StringComparison.Ordinal);

        var refused = Assert.Throws<StoreFaultException>(() => DatabaseTarget.Of(new StoreOptions { DataFolder = "/tmp", Database = url }));
        Assert.Equal(fault, refused.Message);
    }
}
