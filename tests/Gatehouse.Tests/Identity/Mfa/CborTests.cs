using System.Text.Json.Nodes;
using Gatehouse.Model.Authenticators.WebAuthn;

namespace Gatehouse.Tests.Identity.Mfa;

/// <summary>Bytes of authenticators are hostile until read.</summary>
public class CborTests
{
    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("A1")]
    [InlineData("A101")]
    [InlineData("A2010101")]
    [InlineData("A201010102")]
    [InlineData("BF0101FF")]
    [InlineData("A101BA00000001")]
    [InlineData("A1015F4101FF")]
    [InlineData("A101C001")]
    [InlineData("A101F97E00")]
    [InlineData("A101F7")]
    [InlineData("A1011BFFFFFFFFFFFFFFFF")]
    [InlineData("A1015BFFFFFFFFFFFFFFFF00")]
    [InlineData("A1015A7FFFFFFF00")]
    [InlineData("A1019AFFFFFFFF00")]
    [InlineData("A14001")]
    [InlineData("A10161FF")]
    [InlineData("A101818181818101")]
    public void Malformed_maps_are_refused(string hex) =>
        Assert.Throws<MalformedException>(() => Read(Convert.FromHexString(hex)));

    [Fact]
    public void Every_value_that_authenticators_write_is_read()
    {
        var map = Read(Convert.FromHexString("A6010203382463666D74646E6F6E6518201901000441AA0583F5F4F6"));

        Assert.Equal([1L, 3L, "fmt", 32L, 4L, 5L], map.Keys);
        Assert.Equal([2L, -37L, "none", 256L], map.Values.Take(4));
        Assert.Equal(new byte[] { 0xAA }, map[4L]);
        Assert.Equal(new List<object?> { true, false, null }, map[5L]);
    }

    [Fact]
    public void Q45_no_change_of_a_byte_of_a_registration_is_taken_or_throws_anything_else()
    {
        using var key = new SoftKey { Format = "packed" };
        var party = new RelyingParty("auth.gh.test", "https://auth.gh.test");
        using var options = System.Text.Json.JsonDocument.Parse("""{"user":{"id":"AAAA"},"challenge":"AAAA"}""");
        var made = key.Create(options.RootElement);
        var whole = System.Buffers.Text.Base64Url.DecodeFromChars((string)made["response"]!["attestationObject"]!); // made just now
        Assert.Equal(made["id"]!.GetValue<string>(), Take(made, whole)!.Id); // as above

        for (var i = 0; i < whole.Length; i++)
        {
            var changed = whole.ToArray();
            changed[i] ^= 0x01;
            Assert.Null(Take(made, changed));
            Assert.Null(Take(made, whole[..i]));
        }

        NewCredential? Take(JsonObject posted, byte[] attestation)
        {
            var copy = posted.DeepClone().AsObject();
            copy["response"]!["attestationObject"] = System.Buffers.Text.Base64Url.EncodeToString(attestation); // as above
            using var document = System.Text.Json.JsonDocument.Parse(copy.ToJsonString());
            try
            {
                return Registration.Read(document.RootElement, party, mustVerifyUser: true);
            }
            catch (MalformedException)
            {
                return null;
            }
        }
    }

    private static Dictionary<object, object?> Read(byte[] bytes)
    {
        var cbor = new Cbor(bytes);
        var map = cbor.ReadMap();
        return cbor.Position == bytes.Length ? map : throw new MalformedException("left over");
    }
}
