using System.Text;
using QRCoder;

namespace Gatehouse.Web.Pages;

/// <summary>QR codes, drawn here: the secret in one is shown to nobody else.</summary>
public static class QrPicture
{
    /// <summary>An SVG as a data URL. Black on white with a quiet zone in any colour scheme, or cameras don't find it.</summary>
    public static string Of(string text)
    {
        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.M);
        using var drawing = new SvgQRCode(code);
        var svg = drawing.GetGraphic(4, "#000000", "#ffffff", drawQuietZones: true, sizingMode: SvgQRCode.SizingMode.ViewBoxAttribute);
        return "data:image/svg+xml;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(svg));
    }
}
