using System.Security.Cryptography;
using System.Text;
using Gatehouse.Store.Secrets;

namespace Gatehouse.Tests.Store;

public sealed class SecretBoxTests
{
    private const string Purpose = "test";

    [Fact]
    public void What_many_threads_seal_and_open_at_once_is_what_went_in()
    {
        using var box = new SecretBox(RandomNumberGenerator.GetBytes(32));
        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken }, n =>
        {
            var plain = Encoding.UTF8.GetBytes($"secret {n}");
            Assert.Equal(plain, box.Open(box.Seal(plain, Purpose), Purpose));
        });
    }

    [Fact]
    public void Another_purpose_another_key_or_a_changed_byte_opens_nothing()
    {
        using var box = new SecretBox(RandomNumberGenerator.GetBytes(32));
        using var other = new SecretBox(RandomNumberGenerator.GetBytes(32));
        var made = box.Seal("secret"u8, Purpose);

        Assert.Null(box.Open(made, "other"));
        Assert.Null(other.Open(made, Purpose));
        for (var i = 0; i < made.Length; i++)
        {
            var changed = made.ToArray();
            changed[i] ^= 1;
            Assert.Null(box.Open(changed, Purpose));
        }
    }
}
