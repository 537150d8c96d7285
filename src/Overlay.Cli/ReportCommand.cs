using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Overlay.Cli;

/// <summary>Fetches one report and prints it as it is or as tables.</summary>
internal static class ReportCommand
{
    private const int Success = 0;
    private const int Failure = 1;

    /// <returns>The exit code: 1 when the daemon cannot be asked.</returns>
    public static async Task<int> RunAsync(string report, string socket, bool asJson, CancellationToken cancellation)
    {
        try
        {
            string text = await FetchAsync(report, socket, cancellation);
            if (asJson) Console.WriteLine(text);
            else
            {
                using JsonDocument document = JsonDocument.Parse(text);
                ReportTable.Write(document.RootElement);
            }

            return Success;
        }
        catch (HttpRequestException exception) when (exception.StatusCode is { } status)
        {
            await Console.Error.WriteLineAsync(
                $"overlayctl: overlayd on {socket} answers {(int)status}: "
                + $"{(status == HttpStatusCode.ServiceUnavailable ? "it is still starting" : exception.Message)}");
            return Failure;
        }
        catch (HttpRequestException exception)
        {
            SocketError reason = exception.InnerException is SocketException inner
                ? inner.SocketErrorCode
                : SocketError.SocketError;
            string advice = reason == SocketError.AccessDenied ? "permission denied; use sudo"
                : File.Exists(socket) ? $"{exception.GetBaseException().Message}; is it running?"
                : "there is no such file; is it running, and is this its --socket?";
            await Console.Error.WriteLineAsync($"overlayctl: no overlayd answers on {socket}: {advice}");
            return Failure;
        }
        catch (IOException exception)
        {
            await Console.Error.WriteLineAsync($"overlayctl: cannot print: {exception.Message}");
            return Failure;
        }
    }

    private static async Task<string> FetchAsync(string report, string socket, CancellationToken cancellation)
    {
        using SocketsHttpHandler handler = new() { ConnectCallback = ConnectAsync };
        using HttpClient client = new(handler)
        {
            BaseAddress = new Uri("http://overlayd/"),
            Timeout = TimeSpan.FromSeconds(10),
        };
        return await client.GetStringAsync($"v1/{report}", cancellation);

        async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
        {
            Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
                return new NetworkStream(connection, ownsSocket: true);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
    }
}
