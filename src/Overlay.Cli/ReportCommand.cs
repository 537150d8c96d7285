using System.Net;
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
            await Console.Error.WriteLineAsync($"overlayctl: {AdminClient.Advice(socket, exception)}");
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
        using HttpResponseMessage answer =
            await AdminClient.GetAsync(socket, $"v1/{report}", static _ => { }, cancellation);
        return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation);
    }
}
