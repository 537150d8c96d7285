namespace Overlay.Cli.Output;

/// <summary>The form of a printed report.</summary>
internal enum OutputFormat
{
    /// <summary>Tables for people, with the columns that most questions need.</summary>
    Table,

    /// <summary>Tables for people, with all columns.</summary>
    Wide,

    /// <summary>The daemon's answer as it is, for programs.</summary>
    Json,
}
