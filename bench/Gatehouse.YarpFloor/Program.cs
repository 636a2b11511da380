// The floor the gateway is measured against: YARP's forwarder with nothing around it, on TLS as the gateway is.
//   Gatehouse.YarpFloor PORT CERT.pem KEY.pem ORIGIN
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Yarp.ReverseProxy.Forwarder;

var port = int.Parse(args[0], CultureInfo.InvariantCulture);
using var pem = X509Certificate2.CreateFromPemFile(args[1], args[2]);
using var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseKestrelHttpsConfiguration();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Listen(IPAddress.Loopback, port, listener => listener.UseHttps(certificate));
});
builder.Services.AddHttpForwarder();
await using var app = builder.Build();
using var handler = new SocketsHttpHandler
{
    UseProxy = false,
    AllowAutoRedirect = false,
    AutomaticDecompression = DecompressionMethods.None,
    UseCookies = false,
    ActivityHeadersPropagator = null,
};
using var client = new HttpMessageInvoker(handler);
var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
app.Run(async context => await forwarder.SendAsync(context, args[3], client, ForwarderRequestConfig.Empty, HttpTransformer.Default));
await app.RunAsync();
