using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Store;
using Gatehouse.Store.Secrets;
using Gatehouse.Store.Start;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

[UnsupportedOSPlatform("windows")]
public class RootKeyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Is_made_outside_the_database_for_its_owner_only(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var file = Path.Combine(store.Folder, "root.key");

        Assert.Equal(32, Convert.FromBase64String(await File.ReadAllTextAsync(file, Cancel)).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal("root.key", Path.GetFileName(Assert.Single(Directory.EnumerateFiles(store.Folder, "root.key*"))));
        Assert.All(Directory.EnumerateFiles(store.Folder), f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_wrong_key_is_refused_and_nothing_is_changed(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await store.RestartAsync(secretKey: Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => store.Get<StoreStart>().RunAsync(Cancel));

        Assert.Contains("another one: GATEHOUSE_SECRET_KEY holds key", fault.Message, StringComparison.Ordinal);
        await store.RestartAsync();
        await store.Get<StoreStart>().RunAsync(Cancel);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_missing_key_is_never_replaced_by_a_new_one(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await store.RestartAsync();
        File.Delete(Path.Combine(store.Folder, "root.key"));

        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => store.Get<StoreStart>().RunAsync(Cancel));

        Assert.Contains("root key is missing", fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(store.Folder, "root.key")));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task The_environment_can_hold_it_in_place_of_the_file(DatabaseKind kind)
    {
        await using var store = TestStore.Empty(kind);
        await store.RestartAsync(secretKey: Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        await store.Get<StoreStart>().RunAsync(Cancel);

        Assert.False(File.Exists(Path.Combine(store.Folder, "root.key")));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task A_file_that_others_may_touch_is_refused(UnixFileMode open)
    {
        await using var store = await TestStore.StartAsync(DatabaseKind.Sqlite);
        await store.RestartAsync();
        File.SetUnixFileMode(Path.Combine(store.Folder, "root.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | open);

        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => store.Get<StoreStart>().RunAsync(Cancel));

        Assert.Contains("chmod 600", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("bm90IHRoaXJ0eS10d28gYnl0ZXM=")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_malformed_key_is_refused_without_being_shown(string text)
    {
        await using var store = TestStore.Empty(DatabaseKind.Sqlite);
        await store.RestartAsync(secretKey: text);

        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => store.Get<StoreStart>().RunAsync(Cancel));

        Assert.Contains("expected the base64 of 32 bytes", fault.Message, StringComparison.Ordinal);
        Assert.True(text.Length == 0 || !fault.Message.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_who_make_it_at_once_get_the_same_one()
    {
        await using var store = TestStore.Empty(DatabaseKind.Sqlite);
        var root = store.Get<RootKey>();
        Directory.CreateDirectory(store.Folder);

        var keys = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(root.Create, Cancel)));

        Assert.Single(keys.Select(Convert.ToBase64String).Distinct());
        Assert.Equal(keys[0], root.Read());
        Assert.Equal("root.key", Path.GetFileName(Assert.Single(Directory.EnumerateFiles(store.Folder, "root.key*"))));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task L03_no_secret_is_at_rest_in_the_clear(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var table = store.Get<Gatehouse.Model.Snapshots.ISnapshot<Gatehouse.Model.Snapshots.AccessTable>>().Current;
        var pkcs8 = table.Keys.Single().Rsa.ExportPkcs8PrivateKey();
        List<byte[]> canaries =
        [
            Encoding.UTF8.GetBytes(table.LoginMethods.Single().ClientSecret),
            Convert.FromBase64String((await File.ReadAllTextAsync(Path.Combine(store.Folder, "root.key"), Cancel)).Trim()),
            pkcs8[^64..],
            Encoding.ASCII.GetBytes(Convert.ToBase64String(pkcs8)[40..80]),
        ];

        var kept = await KeptAsync(store);

        Assert.NotEmpty(kept);
        Assert.All(kept, bytes => Assert.All(canaries, canary => Assert.Equal(-1, bytes.AsSpan().IndexOf(canary))));

        // The search itself works: what is not secret is found.
        Assert.Contains(kept, bytes => bytes.AsSpan().IndexOf("akadmin"u8) >= 0);
    }

    // Everything the database holds: its files with the write-ahead log on SQLite, every value of every table on PostgreSQL.
    private static async Task<List<byte[]>> KeptAsync(TestStore store)
    {
        var kept = new List<byte[]>();
        if (store.Kind == DatabaseKind.Sqlite)
        {
            foreach (var file in Directory.EnumerateFiles(store.Folder, "gatehouse.db*"))
            {
                await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                var bytes = new MemoryStream();
                await stream.CopyToAsync(bytes, Cancel);
                kept.Add(bytes.ToArray());
            }

            return kept;
        }

        await using var db = store.Open();
        await db.Database.OpenConnectionAsync(Cancel);
        foreach (var table in db.Model.GetEntityTypes().Select(t => t.GetTableName()).Distinct())
        {
            await using var command = db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // a table name of the model
            command.CommandText = $"SELECT * FROM \"{table}\"";
#pragma warning restore CA2100
            await using var reader = await command.ExecuteReaderAsync(Cancel);
            while (await reader.ReadAsync(Cancel))
            {
                for (var i = 0; i < reader.FieldCount; i++)
                {
                    kept.Add(reader.GetValue(i) as byte[] ?? Encoding.UTF8.GetBytes(Convert.ToString(reader.GetValue(i), System.Globalization.CultureInfo.InvariantCulture)!));
                }
            }
        }

        return kept;
    }
}
