using System.Diagnostics;
using System.Text.Json;
using System.Text.Unicode;
using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;
using Overlay.Pods.Operations;

namespace Overlay.Cni.Commands;

/// <summary>One call by a runtime: variables and stdin in, a result or an error on stdout.</summary>
/// <param name="variable">Looks a variable up.</param>
/// <param name="input">stdin.</param>
/// <param name="output">stdout.</param>
internal sealed class CniCall(Func<string, string?> variable, Stream input, Stream output)
{
    private const int MostBytes = 1024 * 1024;

    // Of the answer, also where the configuration could not be read.
    private string _version = CniVersion.V100;

    // Known once the configuration is read: a call with a bad one is nobody's to count.
    private (OperationJournal Journal, string Command)? _counted;

    /// <returns>The exit code: 0, or 1 with an error on stdout.</returns>
    public int Run()
    {
        long start = Stopwatch.GetTimestamp();
        CniException? error = TryExecute();
        if (error is not null) WriteError(error);
        _counted?.Journal.Add(new CniOperation(
            _counted.Value.Command, error?.Code ?? 0, Stopwatch.GetElapsedTime(start)));
        return error is null ? 0 : 1;
    }

    private CniException? TryExecute()
    {
        try
        {
            Execute();
            return null;
        }
        catch (CniException exception)
        {
            return exception;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new CniException(CniErrorCode.InputOutput, exception.Message);
        }
    }

    private void Execute()
    {
        CniEnvironment environment = CniEnvironment.Read(variable);
        byte[] text = ReadInput();
        using JsonDocument document = Parse(text, environment.Command == "VERSION");
        _version = NetworkConfiguration.ReadVersion(document);
        if (environment.Command == "VERSION")
        {
            WriteVersions();
            return;
        }

        string asked = _version;
        if (!CniVersion.Supported.Contains(asked)) _version = CniVersion.V100;
        CniVersion.Require(asked);
        RequireCommand(environment.Command, asked);
        CniObject root = new(document.RootElement, "");
        if (LoopbackCommand.IsMeant(root))
        {
            new LoopbackCommand(root, environment).Run(asked, Write);
            return;
        }

        NetworkConfiguration configuration =
            NetworkConfigurationReader.Read(document.RootElement, text, asked, environment);
        _counted = (new OperationJournal(configuration.StateDirectory), environment.Command);
        switch (environment.Command)
        {
            case "ADD":
                new AddCommand(configuration, environment)
                    .Run(result => Write(json => CniResultWriter.Write(json, result, asked)));
                break;
            case "DEL":
                new DeleteCommand(configuration, environment).Run();
                break;
            case "CHECK":
                new CheckCommand(configuration, environment).Run();
                break;
            case "STATUS":
                new StatusCommand(configuration, environment).Run();
                break;
            case "GC":
                new GarbageCommand(configuration, environment).Run();
                break;
        }
    }

    private static void RequireCommand(string command, string version)
    {
        string since = command switch
        {
            "CHECK" => CniVersion.V040,
            "STATUS" or "GC" => CniVersion.V110,
            _ => CniVersion.V010,
        };
        if (CniVersion.IsAtLeast(version, since)) return;
        throw new CniException(
            CniErrorCode.IncompatibleVersion,
            $"CNI_COMMAND {command} exists since version {since}; cniVersion is {version}");
    }

    private byte[] ReadInput()
    {
        byte[] text = new byte[MostBytes + 1];
        int length = input.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        return length <= MostBytes
            ? text[..length]
            : throw new CniException(
                CniErrorCode.Decoding,
                $"the network configuration on stdin has more than {MostBytes} bytes; a sound one has some hundred");
    }

    // Early runtimes ask for the version with nothing on stdin.
    private static JsonDocument Parse(byte[] text, bool mayBeEmpty)
    {
        if (!Utf8.IsValid(text))
            throw new CniException(CniErrorCode.Decoding, "the network configuration on stdin is not UTF-8 text");
        try
        {
            return JsonDocument.Parse(text.Length == 0 && mayBeEmpty ? "{}"u8.ToArray() : text);
        }
        catch (JsonException exception)
        {
            throw new CniException(
                CniErrorCode.Decoding, $"the network configuration on stdin is not JSON: {exception.Message}");
        }
    }

    private void WriteVersions() => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("cniVersion"u8, CniVersion.Supported.Contains(_version) ? _version : CniVersion.V110);
        json.WriteStartArray("supportedVersions"u8);
        foreach (string version in CniVersion.Supported) json.WriteStringValue(version);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    private void WriteError(CniException exception) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("cniVersion"u8, _version);
        json.WriteNumber("code"u8, exception.Code);
        json.WriteString("msg"u8, exception.Message);
        if (exception.Details.Length > 0) json.WriteString("details"u8, exception.Details);
        json.WriteEndObject();
    });

    // In one piece: a reader never gets half an answer.
    private void Write(Action<Utf8JsonWriter> write)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text,
            new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(json);
        }

        text.WriteByte((byte)'\n');
        output.Write(text.GetBuffer(), 0, (int)text.Length);
        output.Flush();
    }
}
